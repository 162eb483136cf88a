import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, type Commands, line } from "../commands/terminal/command.ts";
import { createProgress } from "../commands/terminal/progress.ts";
import { plainTable } from "../commands/text/plainTable.ts";
import { unknown } from "../errors.ts";
import { caseOf } from "./child.ts";
import { type Hunt, hunt } from "./hunt.ts";
import type { Parser } from "./parser.ts";
import { parsers } from "./parsers.ts";

const fuzz: Command = {
  name: "parsers",
  describe: "Mutate the corpus, and report every input that is neither read nor refused with a plain error",
  arguments: [{ name: "parser", describe: `all without it, or one of ${listed()}`, optional: true }],
  options: {
    seconds: { describe: "for each parser; a quick run of about ten without it", type: "number" },
    seed: { describe: "of the mutations: another seed tries other files", type: "number", default: 0 },
    out: { describe: "folder for the inputs that did harm", type: "string", default: "fuzz-found" },
  },
  examples: [
    ["npm run fuzz -- parsers", "every parser, about ten seconds each"],
    ["npm run fuzz -- parsers pth --seconds 3600 --seed 7", "an hour of checkpoints that no run before has tried"],
  ],
  async run(args, console) {
    const chosen = args.parser === undefined ? parsers : [parserNamed(args.parser as string)];
    const seconds = args.seconds as number | undefined;
    const seed = args.seed as number;
    const rows: string[][] = [];
    let harms = 0;
    for (const parser of chosen) {
      const cases = seconds === undefined ? parser.cases : Number.MAX_SAFE_INTEGER;
      const progress = createProgress(console, {
        total: seconds ?? cases,
        unit: seconds === undefined ? "cases" : "s",
      });
      const start = Date.now();
      const found = await hunt(parser, {
        seed,
        cases,
        untilMs: seconds === undefined ? undefined : start + 1000 * seconds,
        progress: (done) => {
          const elapsed = Math.min((Date.now() - start) / 1000, seconds ?? 0);
          progress.update(seconds === undefined ? done : Math.round(elapsed), `${parser.id}, ${done} cases`);
        },
      });
      progress.finish();
      keep(parser, seed, found, resolve(args.out as string));
      for (const { index, what } of found.harms) console.notes.write(`${parser.id} case ${index}: ${what}\n`);
      harms += found.harms.length;
      rows.push([parser.id, ...[found.cases, found.read, found.refused, found.harms.length].map(String)]);
    }
    line(console, plainTable(["parser", "cases", "read", "refused", "harm"], rows));
    return harms === 0 ? 0 : 1;
  },
};

export const fuzzers: Commands = {
  parsers: async () => fuzz,
  parity: async () => (await import("./parity.ts")).parity,
};

function parserNamed(id: string): Parser {
  const parser = parsers.find((each) => each.id === id);
  if (parser !== undefined) return parser;
  throw unknown(
    "parser",
    id,
    parsers.map((each) => each.id),
  );
}

/** Lists the parsers with their cases, for --help. */
function listed(): string {
  return parsers.map(({ id, describe }) => `${id} (${describe})`).join("; ");
}

/** Writes the inputs that did harm as files: once the parser is mended, they join the corpus. */
function keep(parser: Parser, seed: number, { harms }: Hunt, folder: string): void {
  if (harms.length === 0) return;
  mkdirSync(folder, { recursive: true });
  const seeds = parser.seeds();
  for (const { index } of harms)
    writeFileSync(join(folder, `${parser.id}-${seed}-${index}`), caseOf(parser, seeds, seed, index));
}
