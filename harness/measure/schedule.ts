import type { Random } from "../api.ts";
import { shuffle } from "../stats/random.ts";

/** Whose turn it is. Stored with each sample, so that order effects can be looked for later. */
export interface Turn {
  readonly name: string;
  /** From 0. */
  readonly round: number;
  /** Place within the round, from 0. */
  readonly turn: number;
}

/**
 * Every name once a round, each round in an order of its own: what changes slowly (heat, other load) then falls on all names
 * alike, and nobody always follows the same neighbour. Draw k rounds or more, the first k are the same.
 */
export function interleavedRounds(names: readonly string[], rounds: number, random: Random): Turn[] {
  return Array.from({ length: rounds }, (_, round) =>
    shuffle(random, names).map((name, turn) => ({ name, round, turn })),
  ).flat();
}
