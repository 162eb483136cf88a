import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepareRun } from "../../build/preparedRun.ts";
import type { WorkerSetup } from "../../build/setup.ts";
import { type Command, type Console, line } from "../../commands/terminal/command.ts";
import { plainTable } from "../../commands/text/plainTable.ts";
import { interleavedRounds } from "../../measure/schedule.ts";
import { type Piece, type Timing, untimed } from "../../measure/timing.ts";
import { resolvePlan } from "../../plan/plan.ts";
import { Deadlines } from "../../process/deadlines.ts";
import { random } from "../../stats/random.ts";
import { quantile } from "../../stats/summary.ts";
import { startWorker } from "../../worker/workerProcess.ts";
import { timedCall } from "../revisions/timedCall.ts";

const program = fileURLToPath(new URL("../../bench.mjs", import.meta.url));

/** The run that is answered from the store: small, because it is measured once before. */
const finishedRun = { variants: "sam-nano", limit: 3, rounds: 2, warmup: 1 };

interface Sample {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Something that a user waits for. */
type Start = () => Promise<Sample>;

export const starts: Command = {
  name: "starts",
  describe: "What a user waits for before anything is measured: help, list, a finished run, a worker",
  arguments: [],
  options: { rounds: { describe: "measured turns of each, after one that warms up", type: "number", default: 10 } },
  examples: [["npm run perf -- starts", "medians of 10, taken by turns"]],
  async run(args, console) {
    const results = await mkdtemp(join(tmpdir(), "sam-bench-starts-"));
    try {
      await measure(await startsIn(results), args.rounds as number, console);
      return 0;
    } finally {
      await rm(results, { recursive: true });
    }
  },
};

async function startsIn(results: string): Promise<ReadonlyMap<string, Start>> {
  const flags = Object.entries(finishedRun).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const again = ["run", ...flags, "--no-baseline", "--results", results];
  const setup = await workerSetup();
  return new Map<string, Start>([
    ["node alone", () => timedCall({ name: "node", words: ["--eval", ""] })],
    ["bench --help", () => benchCall(["--help"])],
    ["bench list", () => benchCall(["list"])],
    ["bench run, finished before", () => benchCall(again)],
    ["worker started", () => workerPiece(setup, "latency-start")],
    ["worker's graphs and data set loaded", () => workerPiece(setup, "latency-load")],
  ]);
}

function benchCall(words: readonly string[]): Promise<Sample> {
  return timedCall({ name: `bench ${words.join(" ")}`, words: [program, ...words] });
}

async function workerSetup(): Promise<WorkerSetup> {
  const plan = await resolvePlan({ ...finishedRun, baseline: false });
  const watching = { calibration: () => undefined, overlap: () => undefined, note: () => undefined };
  const signal = new AbortController().signal;
  const { setup } = await prepareRun(plan, plan.chosen[0]!, [], { ...watching, signal, timing: untimed });
  return setup;
}

async function measure(all: ReadonlyMap<string, Start>, rounds: number, console: Console): Promise<void> {
  const samples = new Map([...all.keys()].map((name) => [name, [] as Sample[]]));
  for (const { name, round } of interleavedRounds([...all.keys()], 1 + rounds, random(0, "perf", "starts"))) {
    const sample = await all.get(name)!();
    if (round > 0) samples.get(name)!.push(sample);
  }
  const rows = [...samples].map(([name, own]) => {
    const at = (field: keyof Sample, p: number) =>
      quantile(
        own.map((sample) => sample[field]),
        p,
      ).toFixed(0);
    return [
      name,
      at("wallMs", 0.5),
      `${at("wallMs", 0.25)} to ${at("wallMs", 0.75)}`,
      at("cpuMs", 0.5),
      String(own.length),
    ];
  });
  line(console, plainTable(["what is waited for", "median ms", "quartiles", "CPU ms", "n"], rows));
}

/** Starts a worker of sam-nano, and returns what one part of its start took. */
async function workerPiece(setup: WorkerSetup, work: "latency-start" | "latency-load"): Promise<Sample> {
  const pieces: Piece[] = [];
  const timing: Timing = { ...untimed, book: (piece) => void pieces.push(piece) };
  const { worker } = await startWorker(setup, new Deadlines(), { timing, phase: "latency" });
  await worker.close();
  const { fromMs, toMs, cpuMs } = pieces.find((piece) => piece.work === work)!;
  return { wallMs: toMs - fromMs, cpuMs: cpuMs! };
}
