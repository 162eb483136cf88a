import { driftWarnings, int8Warnings, otherWorkWarnings } from "../../measure/drift.ts";
import { parseCpus } from "../../measure/machine/cpus.ts";
import { clockWarnings } from "../../measure/machine/frequency.ts";
import type { LatencyTurn } from "../../store/latency.ts";
import type { Manifest } from "../../store/schema.ts";

interface Measured {
  readonly variant: string;
  readonly cpu: Manifest["environment"]["cpu"];
  /** Logical processors that the run was pinned to. */
  readonly cpus?: string | undefined;
  readonly multipliesInt8: boolean;
  /** Timed starts of processes, where some were asked for. */
  readonly starts?: Manifest["coldStart"];
  /** What the run was asked for. */
  readonly settings: { readonly warmup: number; readonly rounds: number };
  /** Rounds that were taken; all that were asked for if left out. */
  readonly taken?: number | undefined;
  /** The time limit that the run was given. */
  readonly maxMinutes?: number | undefined;
}

/** Returns the warnings about a run's latencies: its totals are judged, since rows are compared by them. None without turns. */
export function latencyWarnings(
  turns: readonly LatencyTurn[],
  { variant, cpu, cpus, multipliesInt8, starts = [], settings, taken = settings.rounds, maxMinutes }: Measured,
): Manifest["warnings"] {
  if (turns.length === 0) return [];
  const totals = turns.flatMap(({ encodeMs, decodeMs }) => encodeMs.map((ms, i) => ms + decodeMs[i]!));
  const busy = turns.flatMap(({ others }) => others ?? []);
  const clocks = turns.flatMap(({ clockMhz }) => clockMhz ?? []);
  const cores = cpus === undefined ? cpu.cores : (parseCpus(cpus)?.length ?? cpu.cores);
  const limited = taken < settings.rounds;
  const asked = { ...settings, rounds: taken, maxMinutes: limited ? maxMinutes : undefined };
  return [
    ...(limited ? [fewerRounds({ taken, rounds: settings.rounds, maxMinutes })] : []),
    ...driftWarnings({ about: `${variant} total`, samples: totals, settings: asked }),
    ...(multipliesInt8 ? int8Warnings({ about: `${variant} encode`, flags: cpu.flags }) : []),
    ...otherWorkWarnings({ busy, cores }),
    ...otherWorkWarnings({ busy: starts.flatMap(({ others }) => others ?? []), cores, about: "cold start" }),
    ...clockWarnings(clocks, cpu.governor),
  ];
}

interface Fewer {
  readonly taken: number;
  readonly rounds: number;
  readonly maxMinutes: number | undefined;
}

function fewerRounds({ taken, rounds, maxMinutes }: Fewer): Manifest["warnings"][number] {
  const limit = maxMinutes === undefined ? "" : ` ${maxMinutes}`;
  const text = `latency has ${taken} of ${rounds} rounds, as --max-minutes${limit} left no time for more. Run again without it for all of them.`;
  return { about: "rounds", text };
}
