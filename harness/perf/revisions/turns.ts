import { join } from "node:path";
import { type Console, line } from "../../commands/terminal/command.ts";
import { interrupted } from "../../commands/terminal/interrupt.ts";
import { createSteps } from "../../commands/terminal/steps.ts";
import { Stopped } from "../../errors.ts";
import { interleavedRounds } from "../../measure/schedule.ts";
import type { Option } from "../../plan/options.ts";
import { shellWord } from "../../shellWords.ts";
import { random } from "../../stats/random.ts";
import { listIds } from "../../store/manifest.ts";
import { rowName } from "../../store/rowName.ts";
import { readRun } from "../../store/store.ts";
import { printRatios, printSamples, type Samples } from "../comparison.ts";
import type { Checkout, Workplace } from "./checkout.ts";
import { differingOutput, outputText } from "./outputs.ts";
import { type TimedCall, timedCall } from "./timedCall.ts";

export const turnOptions: Readonly<Record<string, Option>> = {
  rounds: { describe: "measured calls of each checkout, in turns", type: "number", default: 5 },
  warmup: { describe: "calls of each before that, not counted", type: "number", default: 1 },
};

/** Stands in the words of a call for a results folder that no other call has. */
export const newFolder = "{new}";

export interface Turns {
  /** Words behind `bench`. */
  readonly words: readonly string[];
  readonly rounds: number;
  readonly warmup: number;
}

/** Samples of one checkout, with what each of its calls printed and the hashes of the rows that it stored. */
type Sampled = Samples & {
  readonly cpuMs: number[];
  readonly outs: string[];
  readonly rows: string[];
  peakBytes: number;
};

type Call = TimedCall & { readonly rows: string };

/**
 * Calls `bench` with the same words of each checkout by turns, in a seeded order, and prints times, peaks, ratios and whether all
 * calls printed the same, which it returns. Throws HarnessError where a call fails, and Stopped at Ctrl-C.
 */
export async function takeTurns(workplace: Workplace, turns: Turns, console: Console): Promise<"equal" | "differing"> {
  const samples = await measure(workplace, turns, console);
  for (const { name, about } of workplace.checkouts) line(console, `${name}: ${about}`);
  const words = turns.words.map((word) => shellWord(word.replaceAll(workplace.folder, "")));
  line(console, `bench ${words.join(" ")}\n`);
  printSamples("", samples, 0, console);
  const [here, other] = samples as [Sampled, Sampled?];
  if (other !== undefined) printRatios(here, other, true, console);
  line(console, outputText("output ", samples));
  const stored = samples.map(({ name, rows }) => ({ name, outs: rows }));
  if (stored[0]!.outs[0] !== "") line(console, outputText("rows   ", stored));
  line(console, `${turns.rounds} rounds after ${turns.warmup} of warm-up, each call a process of its own`);
  return differingOutput(samples) === undefined ? "equal" : "differing";
}

async function measure(
  { folder, checkouts }: Workplace,
  { words, rounds, warmup }: Turns,
  console: Console,
): Promise<readonly Sampled[]> {
  const samples = checkouts.map(({ name }): Sampled => {
    return { name, durationMs: [], cpuMs: [], peakBytes: 0, outs: [], rows: [] };
  });
  const places = checkouts.map((_, i) => String(i));
  const order = interleavedRounds(places, warmup + rounds, random(0, "perf", "revision"));
  const steps = createSteps(console);
  const signal = stopSignal();
  try {
    for (const [done, { name, round }] of order.entries()) {
      const checkout = checkouts[Number(name)]!;
      const label = `bench ${words[0] ?? ""} of ${checkout.name}`;
      steps.follow("calls", { total: order.length, unit: "calls" }).update(done, label);
      const call = await called(checkout, { words, results: join(folder, `results-${done}`), signal });
      addTo(samples[Number(name)]!, call, round < warmup ? "warm-up" : "measured");
    }
    return samples;
  } finally {
    steps.finish();
  }
}

function addTo(own: Sampled, call: Call, kind: "warm-up" | "measured"): void {
  own.outs.push(call.out);
  own.rows.push(call.rows);
  if (kind === "warm-up") return;
  own.durationMs.push(call.wallMs);
  own.cpuMs.push(call.cpuMs);
  own.peakBytes = Math.max(own.peakBytes, call.peakBytes);
}

interface Called {
  readonly words: readonly string[];
  /** Folder in place of `{new}`. */
  readonly results: string;
  readonly signal: AbortSignal;
}

/** Calls `bench`. Its output has `{new}` where it named the folder. */
async function called({ name, root, home }: Checkout, { words, results, signal }: Called): Promise<Call> {
  try {
    const call = await timedCall({
      name: `${name}: bench ${words.map(shellWord).join(" ")}`,
      words: [join(root, "harness", "bench.mjs"), ...words.map((word) => word.replaceAll(newFolder, results))],
      environment: { SAM_BENCH_HOME: home },
      signal,
    });
    return { ...call, out: call.out.replaceAll(results, newFolder), rows: await storedRows(results) };
  } catch (error) {
    if (signal.aborted) throw new Stopped("stopped; nothing is kept");
    throw error;
  }
}

/** Returns a line for each run of the folder: its name and the hash of its rows, in which nothing is a time. */
async function storedRows(results: string): Promise<string> {
  const lines: string[] = [];
  for (const id of await listIds(results)) {
    const run = await readRun(results, id);
    lines.push(`${rowName(run.manifest)} ${await run.rowsHash()}`);
  }
  return lines.sort().join("\n");
}

/** Returns a signal that Ctrl-C or whoever ends this process gives. A second Ctrl-C ends the process at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  void interrupted().then(() => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  return stop.signal;
}
