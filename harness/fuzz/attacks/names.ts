import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import type { Random } from "../../api.ts";
import { inspect } from "../../commands/inspect.ts";
import { list } from "../../commands/list.ts";
import { table } from "../../commands/table.ts";
import type { Command } from "../../commands/terminal/command.ts";
import { integer } from "../../stats/random.ts";
import { sha256 } from "../../store/canonical.ts";
import type { Attack } from "../parser.ts";
import { storeFinishedRun } from "./finishedRun.ts";

/** One case: texts that are written into a run and a checkpoint, and the format that the run is printed in. */
interface Case {
  readonly texts: readonly string[];
  readonly format: string;
}

/** Writes names that steer a terminal, begin lines or turn the direction of writing into a stranger's run and checkpoint. */
export const names: Attack = {
  id: "names",
  describe: "terminal escapes, marks of direction and line ends in names of runs, weights and tensors",
  cases: 30,
  draw(random) {
    const given: Case = {
      texts: Array.from({ length: 9 }, () => hostileText(random)),
      format: ["text", "markdown", "latex", "csv"][integer(random, 4)]!,
    };
    return Buffer.from(JSON.stringify(given));
  },
  async read(bytes, folder) {
    const { texts, format } = JSON.parse(bytes.toString()) as Case;
    const results = join(folder, "results");
    process.env.SAM_BENCH_HOME = join(folder, "home");
    await storeHostileRun(folder, texts);
    await requireHarmless(table, { results, format, all: true });
    await requireHarmless(list, { what: "runs", results });
    const file = join(folder, "weights.safetensors");
    writeFileSync(file, tensorsNamed(texts.slice(0, 2)));
    await requireHarmless(inspect, { file });
  },
};

/** Text behind each line end of a name. */
const mark = "OWNED";

const pieces = [
  ...["\u001b[2J", "\u001b]0;owned\u0007", `\r\n${mark}`, `\n${mark}`, `\r${mark}`],
  ...["\t", "\u202e", "\u2066", "\u009b31m", "\u2028", "\u0085"],
  ...["\u200b", "\ufeff", "\u0000", "\u007f", "\ud800", "\u{e0041}", "=1+1", "|", "\\", "{", "sam-vit-h", "é", "名"],
];

function hostileText(random: Random): string {
  return Array.from({ length: 1 + integer(random, 6) }, () => pieces[integer(random, pieces.length)]!).join("");
}

async function storeHostileRun(scratch: string, texts: readonly string[]): Promise<void> {
  const { folder } = await storeFinishedRun(scratch);
  const rows = join(folder, "rows.jsonl");
  const [title, notes, label, weights, about, warning, cpu, failure, kernel] = texts;
  const changed = readFileSync(rows, "utf8")
    .replace('"cut short"', () => JSON.stringify(failure))
    .replace(/,"sha256":"[0-9a-f]{64}"\}/g, "}");
  writeFileSync(rows, changed);
  const file = join(folder, "manifest.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  manifest.status.rowsSha256 = sha256(readFileSync(rows));
  manifest.variant.title += title;
  manifest.variant.notes.push(notes);
  manifest.weights.label += label;
  manifest.weights.file += weights;
  manifest.warnings.push({ about, text: warning });
  manifest.environment.cpu.model = cpu;
  manifest.environment.os.kernel = kernel;
  writeFileSync(file, JSON.stringify(manifest));
}

function tensorsNamed(given: readonly string[]): Buffer {
  const distinct = [...new Set(given.map((name) => `w${name}`))];
  const entries = distinct.map((name, i) => [name, { dtype: "F32", shape: [1], data_offsets: [4 * i, 4 * i + 4] }]);
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(4 * distinct.length)]);
}

/** Requires that all line ends are the program's own: no name begins a line. */
async function requireHarmless(command: Command, args: Parameters<Command["run"]>[0]): Promise<void> {
  const said: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      said.push(String(chunk));
      done();
    },
  });
  await command.run(args, { out: stream, notes: stream });
  const text = said.join("");
  const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}](?<!\n)/u.exec(text);
  if (steering !== null) {
    const around = text.slice(Math.max(0, steering.index - 40), steering.index + 40);
    throw new Error(`${command.name} prints ${JSON.stringify(steering[0])} in ${JSON.stringify(around)}`);
  }
  if (text.split("\n").some((each) => each.startsWith(mark))) throw new Error(`${command.name}: a name begins a line`);
}
