import { driftWarnings, int8Warnings, otherWorkWarnings } from "../measure/drift.ts";
import type { LatencyTurn } from "../store/latency.ts";
import type { Manifest } from "../store/schema.ts";

interface Measured {
  readonly variant: string;
  readonly cpu: Manifest["environment"]["cpu"];
  readonly multipliesInt8: boolean;
  /** What the run was asked for. */
  readonly settings: { readonly warmup: number; readonly rounds: number };
}

/** Returns the warnings about a run's latencies: its totals are judged, since rows are compared by them. None without turns. */
export function latencyWarnings(
  turns: readonly LatencyTurn[],
  { variant, cpu, multipliesInt8, settings }: Measured,
): Manifest["warnings"] {
  if (turns.length === 0) return [];
  const totals = turns.flatMap(({ encodeMs, decodeMs }) => encodeMs.map((ms, i) => ms + decodeMs[i]!));
  const busy = turns.flatMap(({ others }) => others ?? []);
  return [
    ...driftWarnings({ about: `${variant} total`, samples: totals, settings }),
    ...(multipliesInt8 ? int8Warnings({ about: `${variant} encode`, flags: cpu.flags }) : []),
    ...otherWorkWarnings({ busy, cores: cpu.cores }),
  ];
}
