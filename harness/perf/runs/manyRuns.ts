import { spawn } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, type Console, line, wholeNumber } from "../../commands/terminal/command.ts";
import { plainTable } from "../../commands/text/plainTable.ts";
import { HarnessError } from "../../errors.ts";
import { projectRoot } from "../../plan/plugins/sources.ts";
import { median } from "../../stats/summary.ts";
import { rowsFile } from "../../store/damage.ts";
import { drawRuns } from "./drawnRuns.ts";

const size = { rounds: 20, seed: 0 };

export const manyRuns: Command = {
  name: "many-runs",
  describe: "Lists and tables of many stored runs: the first call, later ones, and one after a changed file",
  arguments: [],
  options: {
    runs: { describe: "that are drawn", type: "number", default: 1000 },
    checkpoints: { describe: "that the runs are of; one each without it", type: "number" },
    images: { describe: "of each run", type: "number", default: 24 },
    targets: { describe: "of each image, asked by three prompts", type: "number", default: 4 },
    rounds: { describe: "later calls, of which the median is told", type: "number", default: 5 },
    report: { describe: "also write a report of them", type: "boolean" },
    results: { describe: "folder for the runs, which stays; one that is deleted again without it", type: "string" },
  },
  examples: [["npm run perf -- many-runs --runs 300", "a third of them"]],
  async run(args, console) {
    const given = args.results as string | undefined;
    const folder = given ?? (await mkdtemp(join(tmpdir(), "sam-bench-many-runs-")));
    try {
      await measure(folder, args, console);
      return 0;
    } finally {
      if (given === undefined) await rm(folder, { recursive: true });
    }
  },
};

async function measure(folder: string, args: Readonly<Record<string, unknown>>, console: Console): Promise<void> {
  const runs = wholeNumber(args, "runs", 1);
  const results = join(folder, "results");
  const ids = await drawRuns(results, {
    ...size,
    runs,
    checkpoints: args.checkpoints === undefined ? runs : wholeNumber(args, "checkpoints", 1),
    images: wholeNumber(args, "images", 1),
    targets: wholeNumber(args, "targets", 1),
  });
  const rounds = wholeNumber(args, "rounds", 1);
  const timed: (readonly string[])[] = [];
  for (const words of [["list", "runs"], ["table"], ["table", "--all"]]) {
    const first = await call([...words, "--results", results]);
    const later = [];
    for (let round = 0; round < rounds; round++) later.push(await call([...words, "--results", results]));
    timed.push([`bench ${words.join(" ")}`, seconds(first.ms), seconds(median(later.map(({ ms }) => ms)))]);
  }
  await flipLastByte(rowsFile(join(results, ids[0]!)));
  const { ms, notes } = await call(["table", "--all", "--results", results]);
  if (!notes.includes(ids[0]!))
    throw new Error(`a changed rows file was not noticed: ${notes === "" ? "nothing was said" : notes}`);
  timed.push(["bench table --all, one rows file changed", seconds(ms), ""]);
  if (args.report === true) {
    const report = await call(["report", "--results", results, "--out", join(folder, "report")]);
    timed.push([`bench report: ${report.out.trim().replace(/^.*: /, "")}`, seconds(report.ms), ""]);
  }
  line(console, plainTable([`${runs} runs`, "first s", `later s (median of ${rounds})`], timed));
  line(console, `\nnoticed: ${notes.trim()}`);
}

interface Answer {
  readonly ms: number;
  readonly out: string;
  readonly notes: string;
}

/** Calls `bench` in a process of its own, and takes the time from its start to its end. */
function call(words: readonly string[]): Promise<Answer> {
  const begin = performance.now();
  const child = spawn(process.execPath, [join(projectRoot, "harness", "bench.mjs"), ...words]);
  let out = "";
  let notes = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    notes += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve({ ms: performance.now() - begin, out, notes });
      else reject(new HarnessError(`bench ${words.join(" ")}: ended with exit code ${code}`, { found: notes }));
    });
  });
}

/** Changes one bit of the last byte but one, so that the file stays as long as it is. */
async function flipLastByte(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    const { size: bytes } = await file.stat();
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, bytes - 2);
    byte[0]! ^= 1;
    await file.write(byte, 0, 1, bytes - 2);
  } finally {
    await file.close();
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}
