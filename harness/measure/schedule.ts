import type { Random } from "../api.ts";
import { shuffle } from "../stats/random.ts";
import type { Group } from "./groups.ts";

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

/** A turn of a schedule. Rounds below 0 warm up and are not measured. */
export interface ScheduledTurn extends Turn {
  /** Number of the turn's group; other groups are not loaded. */
  readonly group: number;
  /** Number of the block of the turn's group, from 0: a group stays loaded for all rounds of a block. */
  readonly block: number;
  /** Number of measured rounds that every name has had when this turn ends; absent where some have had more than others. */
  readonly completes?: number | undefined;
}

interface Rounds {
  readonly warmup: number;
  readonly rounds: number;
}

const defaults = {
  /** Before each block its group is loaded and warms up, so a block has some rounds: about so many, and at least so many. */
  block: { usual: 5, least: 2 },
  /** Cycles in each half, where there are rounds enough: with more than one, no group has the outer times alone. */
  halfCycles: 2,
};

/**
 * Returns the turns of a latency measurement. One group takes turns round by round. Several groups take turns block by block:
 * each cycle has one block of every group, and within a block its group takes turns round by round. The second half of the cycles
 * mirrors the first, in the order of the groups and in the rounds of a block, so that the median of every group lies about the
 * same moment, and a drift that is linear in time falls on all alike. The order of the first cycle is drawn.
 * Source of the order: counterbalancing (ABBA) of psychology's repeated measures.
 */
export function latencySchedule(groups: readonly Group[], rounds: Rounds, random: Random): ScheduledTurn[] {
  const [first = [], second] = groups;
  return second === undefined ? oneGroup(first, rounds, random) : blockByBlock(groups, rounds, random);
}

/** A cycle has a block of every group, each of so many rounds. */
export interface Cycle {
  readonly rounds: number;
  readonly direction: "forward" | "backward";
}

/**
 * Returns the cycles of a number of rounds. Where it is odd, the middle cycle has a single round, so that no half has the majority.
 * Directions alternate up to the middle: then a cycle begins with the group that is loaded.
 */
export function cyclesOf(rounds: number): readonly Cycle[] {
  const half = Math.floor(rounds / 2);
  const { usual, least } = defaults.block;
  const wanted = Math.max(defaults.halfCycles, Math.floor(half / usual));
  const count = Math.min(half, Math.max(1, Math.min(wanted, Math.floor(half / least))));
  const first = Array.from({ length: count }, (_, i): Cycle => {
    const own = Math.floor(half / count) + (i < half % count ? 1 : 0);
    return { rounds: own, direction: i % 2 === 0 ? "forward" : "backward" };
  });
  const middle: Cycle[] = rounds % 2 === 0 ? [] : [{ rounds: 1, direction: "forward" }];
  return [...first, ...middle, ...first.toReversed().map(mirrored)];
}

function mirrored({ rounds, direction }: Cycle): Cycle {
  return { rounds, direction: direction === "forward" ? "backward" : "forward" };
}

function oneGroup(names: Group, { warmup, rounds }: Rounds, random: Random): ScheduledTurn[] {
  return interleavedRounds(names, warmup + rounds, random).map(({ name, round, turn }) => ({
    name,
    round: round - warmup,
    turn,
    group: 0,
    block: 0,
    completes: turn === names.length - 1 && round >= warmup ? round - warmup + 1 : undefined,
  }));
}

function blockByBlock(groups: readonly Group[], { warmup, rounds }: Rounds, random: Random): ScheduledTurn[] {
  const order = shuffle(random, [...groups.keys()]);
  const turns: ScheduledTurn[] = [];
  let done = 0;
  let loaded: number | undefined;
  for (const [block, cycle] of cyclesOf(rounds).entries()) {
    for (const group of cycle.direction === "forward" ? order : order.toReversed()) {
      // A worker that was just started is slow at first; a group that is still loaded needs no second warm-up.
      const warm = group === loaded ? 0 : block === 0 ? Math.max(1, warmup) : 1;
      for (const { name, round, turn } of interleavedRounds(groups[group]!, warm + cycle.rounds, random))
        turns.push({ name, round: round < warm ? round - warm : done + round - warm, turn, group, block });
      loaded = group;
    }
    done += cycle.rounds;
    turns.push({ ...turns.pop()!, completes: done });
  }
  return turns;
}
