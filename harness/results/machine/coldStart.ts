import { type LatencySummary, latencySummary } from "../../stats/summary.ts";
import type { Manifest, ProcessStart } from "../../store/schema.ts";

/**
 * Stages from a process without a runtime to its first mask, in their order. `load-cold` stands for `load` on a machine that was
 * just started; what follows `first-decode` is the steady state, which latencies are.
 */
export const startStages = [
  "library",
  "load",
  "load-cold",
  "create",
  "optimise",
  "first-encode",
  "first-decode",
] as const;
export type StartStage = (typeof startStages)[number];

/** A cold start in numbers, ms; each process is a sample. A stage that was not measured is absent. */
export interface ColdStart {
  readonly stages: Readonly<Partial<Record<StartStage, LatencySummary>>>;
  /** The reason why `load-cold` is absent. */
  readonly stayed?: string | undefined;
}

/** Summarises the starts of a run; nothing where none was measured. */
export function coldStartOf({ coldStart = [] }: Pick<Manifest, "coldStart">): ColdStart | undefined {
  if (coldStart.length === 0) return undefined;
  const plain = coldStart.filter(({ optimisation }) => optimisation === "disabled");
  const whole = coldStart.filter(({ optimisation }) => optimisation === "all");
  const cold = coldStart.flatMap(({ coldReadMs }) => coldReadMs ?? []);
  const samples: Readonly<Record<StartStage, readonly number[]>> = {
    library: coldStart.map(({ libraryMs }) => libraryMs),
    load: coldStart.map(({ readMs }) => readMs),
    // A median of those that happened to be dropped would be one of another machine.
    "load-cold": cold.length === coldStart.length ? cold : [],
    create: plain.map(({ createMs }) => createMs),
    optimise: optimiseMs(plain, whole),
    "first-encode": whole.map(({ encodeMs }) => encodeMs),
    "first-decode": whole.map(({ decodeMs }) => decodeMs),
  };
  const summaries = startStages.map((stage) => [stage, latencySummary(samples[stage])] as const);
  return {
    stages: Object.fromEntries(summaries.filter(([, summary]) => summary !== undefined)),
    stayed: coldStart.find(({ stayed }) => stayed !== undefined)?.stayed,
  };
}

/**
 * Returns what optimisation adds to the creation of sessions, pair by pair: both starts of a pair were measured one after the
 * other. Noise may make it negative where there is little to optimise.
 */
function optimiseMs(plain: readonly ProcessStart[], whole: readonly ProcessStart[]): readonly number[] {
  return whole.flatMap(({ createMs }, pair) => {
    const beside = plain[pair];
    return beside === undefined ? [] : [createMs - beside.createMs];
  });
}
