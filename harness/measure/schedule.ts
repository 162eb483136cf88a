import type { Random } from "../api.ts";
import { shuffle } from "../stats/random.ts";

/** One turn of a round. It is stored with each sample, so that effects of the order can be looked for later. */
export interface Turn {
  readonly name: string;
  /** Number of the round, from 0. */
  readonly round: number;
  /** Place within the round, from 0. */
  readonly turn: number;
}

/**
 * Returns rounds in which every name has one turn, each round in an order of its own: what changes slowly (heat, other load)
 * falls on all names alike, and no name always follows the same neighbour. The first rounds do not depend on how many follow.
 */
export function interleavedRounds(names: readonly string[], rounds: number, random: Random): Turn[] {
  return Array.from({ length: rounds }, (_, round) =>
    shuffle(random, names).map((name, turn) => ({ name, round, turn })),
  ).flat();
}
