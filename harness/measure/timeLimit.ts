import { type Clock, systemClock } from "./clock.ts";
import type { Group } from "./groups.ts";

/** What is known when a latency phase has measured memory and is about to take its first turn. */
export interface BeforeTurns {
  /** Rows by the groups that they are loaded in. */
  readonly groups: readonly Group[];
  /** Time that measuring the memory of all took, ms. */
  readonly memoryMs: number;
  readonly leftMs: number;
}

/** The time that a user gives a whole run. It decides how many rounds of latency are taken, and nothing else. */
export interface TimeLimit {
  /** The option as the user gave it: `--max-minutes 25`. */
  readonly flag: string;
  /** Rounds that are taken even where the time is over. */
  readonly leastRounds: number;
  /** Returns the time left, which is below 0 when the limit is past. */
  leftMs(): number;
  /** Returns how many rounds are expected to fit, at least `leastRounds`. */
  roundsThatFit(known: BeforeTurns): number;
}

/** Returns a function that tells how much is left of some minutes from now on. */
export function minutesFromNow(minutes: number, clock: Clock = systemClock): () => number {
  const end = clock.nowMs() + 60_000 * minutes;
  return () => end - clock.nowMs();
}
