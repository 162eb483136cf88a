import { availableParallelism } from "node:os";
import { type Arguments, type Console, line } from "../../commands/terminal/command.ts";
import { HarnessError } from "../../errors.ts";
import { interleavedRounds } from "../../measure/schedule.ts";
import type { Option } from "../../plan/options.ts";
import { random } from "../../stats/random.ts";
import { WorkerDied } from "../../worker/workerProcess.ts";
import { printRatios, printSamples, type Samples } from "../comparison.ts";
import type { Way } from "./way.ts";

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
 * Measures ways of doing a job, each in a process of its own, by `benchmarkOptions`, and prints their times and peaks, and the ratios
 * of the first to each other one. They take turns in a seeded order, or with `--apart` each starts when the one before has ended.
 */
export async function benchmark(ways: readonly Way[], args: Arguments, console: Console): Promise<void> {
  const schedule = {
    rounds: args.rounds as number,
    warmup: args.warmup as number,
    threads: args.threads as number,
  };
  const apart = args.apart === true;
  const samples: Samples[] = [];
  for (const together of apart ? ways.map((way) => [way]) : [ways])
    samples.push(...(await measure(together, schedule, console)));
  if (console.notes.isTTY) console.notes.write("\r\u001b[K");
  printSamples("", samples, 1, console);
  for (const other of samples.slice(1)) printRatios(samples[0]!, other, !apart, console);
  const { rounds, warmup, threads } = schedule;
  const order = apart ? "one after the other" : "interleaved";
  line(console, `${rounds} rounds after ${warmup} of warm-up, ${threads} threads, ${order}`);
}

async function measure(ways: readonly Way[], schedule: Schedule, console: Console): Promise<Samples[]> {
  const { rounds, warmup, threads } = schedule;
  const started = ways.map((way) => way.start(threads));
  const samples: (Samples & { readonly cpuMs: number[]; peakBytes: number })[] = [];
  try {
    for (const [i, { name, gmacs }] of ways.entries()) {
      const version = await started[i]!.load();
      const called = version === undefined ? name : `${name} ${version}`;
      samples.push({ name: called, gmacs, durationMs: [], cpuMs: [], peakBytes: 0 });
    }
    const places = ways.map((_, i) => String(i));
    for (const { name, round } of interleavedRounds(places, warmup + rounds, random(0, "perf", "order"))) {
      const own = samples[Number(name)]!;
      const { durationMs, cpuMs, peakBytes } = await started[Number(name)]!.turn();
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
    for (const way of started) await way.close();
  }
}

function progress({ notes }: Console, text: string): void {
  if (notes.isTTY) notes.write(`\r${text}\u001b[K`);
}
