import { HarnessError } from "../errors.ts";
import { atLeast, type RunFlags } from "./runFlags.ts";

export interface LatencySettings {
  /** Samples of each variant. */
  readonly rounds: number;
  /** Samples before these, which are not counted. */
  readonly warmup: number;
}

/** Settings by name: `standard` is what a run has without a flag. */
export const latencyPresets = {
  quick: { rounds: 5, warmup: 1 },
  standard: { rounds: 20, warmup: 3 },
  thorough: { rounds: 60, warmup: 5 },
} as const satisfies Readonly<Record<string, LatencySettings>>;

export function describeLatency(preset: keyof typeof latencyPresets): string {
  const { rounds, warmup } = latencyPresets[preset];
  return `${rounds} latency samples of each variant after ${warmup} of warm-up`;
}

/** The fewest rounds that a time limit may leave; it is even, because a schedule in groups is then better balanced. */
export const fewestRounds = 4;

/** Returns the fewest rounds that a time limit may leave of a plan, which may have fewer. */
export function leastRounds({ rounds }: LatencySettings): number {
  return Math.min(rounds, fewestRounds);
}

/** Returns the settings of a plan of which a time limit leaves so many rounds: it also leaves one round of warm-up at most. */
export function withRounds(settings: LatencySettings, rounds: number): LatencySettings {
  if (rounds >= settings.rounds) return settings;
  return { rounds, warmup: Math.min(settings.warmup, latencyPresets.quick.warmup) };
}

const named = ["quick", "thorough"] as const;

/** Returns the settings of a run. Throws HarnessError where two flags set them. */
export function latencySettings(flags: RunFlags, notice: (text: string) => void): LatencySettings {
  const [preset, other] = named.filter((name) => flags[name] === true);
  if (preset === undefined) {
    const { rounds, warmup } = latencyPresets.standard;
    return {
      rounds: atLeast(1, "--rounds", flags.rounds ?? rounds),
      warmup: atLeast(0, "--warmup", flags.warmup ?? warmup),
    };
  }
  const second = other ?? (["rounds", "warmup"] as const).find((name) => flags[name] !== undefined);
  if (second !== undefined)
    throw new HarnessError(`--${preset}: ${describeLatency(preset)}, and --${second} sets that too`, {
      hint: "leave one of the two out",
    });
  notice(`--${preset}: ${describeLatency(preset)}`);
  return latencyPresets[preset];
}
