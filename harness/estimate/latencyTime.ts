import { type Group, groupsThatFit } from "../measure/groups.ts";
import { latencySchedule } from "../measure/schedule.ts";
import { withRounds } from "../plan/latencySettings.ts";
import { random } from "../stats/random.ts";

/** What a variant's part in a latency phase costs. */
export interface LatencyCost {
  readonly turnSeconds: number;
  /** Time in which a process starts and loads the graphs. */
  readonly loadSeconds: number;
  readonly memoryBytes: number;
}

interface LatencyRounds {
  readonly warmup: number;
  readonly rounds: number;
}

/** Returns the groups that a latency phase is expected to load: one of all where they fit into `memoryBytes`. */
export function expectedGroups(costs: ReadonlyMap<string, LatencyCost>, memoryBytes: number): readonly Group[] {
  return groupsThatFit(new Map([...costs].map(([name, cost]) => [name, cost.memoryBytes])), memoryBytes);
}

/** Returns the seconds of loading and of turns by variant: those of the schedule that a run with these groups takes. */
export function latencySeconds(
  costs: ReadonlyMap<string, LatencyCost>,
  groups: readonly Group[],
  rounds: LatencyRounds,
): ReadonlyMap<string, number> {
  const seconds = new Map([...costs.keys()].map((name) => [name, 0]));
  const add = (name: string, more: number) => seconds.set(name, seconds.get(name)! + more);
  let loaded: number | undefined;
  // Whatever the seed, the costs are the same but for which group stays loaded in the middle.
  for (const { name, group } of latencySchedule(groups, rounds, random(0, "estimate", "order"))) {
    if (group !== loaded) for (const each of groups[group]!) add(each, costs.get(each)!.loadSeconds);
    loaded = group;
    add(name, costs.get(name)!.turnSeconds);
  }
  return seconds;
}

/**
 * Returns the most rounds whose latency phase takes no longer than `seconds`, from `least` to those of the plan. In groups they are
 * even from 4 on: a schedule of an odd number is less balanced.
 */
export function roundsWithin(
  seconds: number,
  {
    costs,
    groups,
    warmup,
    rounds,
    least,
  }: LatencyRounds & {
    readonly costs: ReadonlyMap<string, LatencyCost>;
    readonly groups: readonly Group[];
    readonly least: number;
  },
): number {
  const balanced = (count: number) => groups.length < 2 || count < 4 || count % 2 === 0 || count === rounds;
  for (let count = rounds; count > least; count--) {
    if (!balanced(count)) continue;
    if (sumOf(latencySeconds(costs, groups, withRounds({ warmup, rounds }, count))) <= seconds) return count;
  }
  return least;
}

export function sumOf(seconds: ReadonlyMap<string, number>): number {
  return [...seconds.values()].reduce((sum, each) => sum + each, 0);
}
