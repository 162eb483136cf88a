import { availableParallelism } from "node:os";
import { type Arguments, type Console, line } from "../commands/terminal/command.ts";
import { HarnessError } from "../errors.ts";
import { interleavedRounds } from "../measure/schedule.ts";
import type { Option } from "../plan/options.ts";
import { Deadlines } from "../process/deadlines.ts";
import { random } from "../stats/random.ts";
import { WorkerDied, WorkerProcess } from "../worker/workerProcess.ts";
import type { Candidate, CandidateCalls } from "./candidate.ts";
import { printRatios, printSamples, type Samples } from "./comparison.ts";

export const benchmarkOptions: Readonly<Record<string, Option>> = {
  variant: { describe: "id of the variant, on seeded weights", type: "string", default: "sam-nano" },
  rounds: { describe: "measured turns of each", type: "number", default: 10 },
  warmup: { describe: "turns before that, not counted", type: "number", default: 2 },
  threads: { describe: "threads of the runtime", type: "number", default: availableParallelism() },
  apart: { describe: "one process after the other, where both do not fit into memory", type: "boolean" },
};

interface Schedule {
  readonly rounds: number;
  readonly warmup: number;
  readonly threads: number;
}

/**
 * Measures two candidates, each in a process of its own, by `benchmarkOptions`, and prints their times, peaks and ratios.
 * They take turns in a seeded order, or with `--apart` the second one starts when the first one has ended.
 */
export async function benchmark(
  pair: readonly [Candidate, Candidate],
  args: Arguments,
  console: Console,
): Promise<void> {
  const schedule = {
    rounds: args.rounds as number,
    warmup: args.warmup as number,
    threads: args.threads as number,
  };
  const apart = args.apart === true;
  const samples: Samples[] = [];
  for (const together of apart ? pair.map((candidate) => [candidate]) : [pair])
    samples.push(...(await measure(together, schedule, console)));
  if (console.notes.isTTY) console.notes.write("\r\u001b[K");
  const [a, b] = samples as [Samples, Samples];
  printSamples("", [a, b], 1, console);
  printRatios(a, b, !apart, console);
  const { rounds, warmup, threads } = schedule;
  const order = apart ? "one after the other" : "interleaved";
  line(console, `${rounds} rounds after ${warmup} of warm-up, ${threads} threads, ${order}`);
}

async function measure(candidates: readonly Candidate[], schedule: Schedule, console: Console): Promise<Samples[]> {
  const { rounds, warmup, threads } = schedule;
  const processes = candidates.map(({ name }) => {
    const module = new URL("candidate.mjs", import.meta.url);
    return new WorkerProcess<CandidateCalls>(name, { module, deadlines: new Deadlines() });
  });
  const samples = candidates.map(({ name, gmacs }): Samples & { readonly cpuMs: number[]; peakBytes: number } => {
    return { name, gmacs, durationMs: [], cpuMs: [], peakBytes: 0 };
  });
  try {
    for (const [i, candidate] of candidates.entries()) await processes[i]!.call("open", { candidate, threads });
    const places = candidates.map((_, i) => String(i));
    for (const { name, round } of interleavedRounds(places, warmup + rounds, random(0, "perf", "order"))) {
      const own = samples[Number(name)]!;
      const { durationMs, cpuMs, peakBytes } = await processes[Number(name)]!.call("turn", {});
      if (round >= warmup) {
        own.durationMs.push(durationMs);
        own.cpuMs.push(cpuMs);
      }
      own.peakBytes = Math.max(own.peakBytes, peakBytes);
      progress(console, `${own.name}: round ${round + 1} of ${warmup + rounds}`);
    }
    return samples;
  } catch (error) {
    if (!(error instanceof WorkerDied)) throw error;
    throw new HarnessError(error.message, { hint: "out of memory? try --apart" });
  } finally {
    for (const process of processes) await process.close();
  }
}

function progress({ notes }: Console, text: string): void {
  if (notes.isTTY) notes.write(`\r${text}\u001b[K`);
}
