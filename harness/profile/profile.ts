import { type Assignment, assignmentOf } from "../onnx/trace/assignment.ts";
import { ratioOfMedians } from "../stats/ratio.ts";
import { type LatencySummary, latencySummary } from "../stats/summary.ts";
import { type Ceilings, measureCeilings } from "./ceilings.ts";
import { measureProfile, type ProfileRequest } from "./measure.ts";
import type { GraphStage } from "./profiled.ts";
import { type ProfileSummary, summarise, timesWork } from "./summary.ts";

export type { ProfileRequest } from "./measure.ts";
export type { ProfileEntry } from "./summary.ts";

/** Says where a graph's time and memory go. */
export interface Profile extends ProfileSummary {
  readonly variant: string;
  readonly part: string;
  readonly stage: GraphStage;
  readonly threads: number;
  readonly provider: string;
  readonly warmup: number;
  /** Times of the graph's runs in ms, as the runtime timed them. */
  readonly run: LatencySummary;
  /** Share of each run that its nodes add up to; the rest is unexplained. */
  readonly inNodes: LatencySummary;
  /** Times of the whole stage in ms, as it runs without the runtime's profile and with it. */
  readonly plain: LatencySummary;
  readonly profiled: LatencySummary;
  /** Says how much longer a stage takes with the profile: a ratio of medians with its 95 % interval. */
  readonly cost: { readonly value: number; readonly low?: number; readonly high?: number };
  readonly gmacs: number;
  readonly ceilings: Ceilings;
  /** Says which provider ran what in the last run. */
  readonly assignment: Assignment;
  /** `handed over`: the device times nothing, so that nodes have the time in which their work was handed to it. */
  readonly times: "work" | "handed over";
}

/** Profiles one graph of a variant. Throws as measureProfile does. */
export async function profileGraph(request: ProfileRequest): Promise<Profile> {
  const { setup, part, warmup, rounds, progress } = request;
  const { runs, nodes, stage, profiledMs, plainMs } = await measureProfile(request);
  progress(2 * (warmup + rounds), 2 * (warmup + rounds), "what the machine reaches");
  const ceilings = await measureCeilings(setup.runtime, nodes);
  const { provider, threads } = setup.runtime;
  return {
    variant: setup.variant,
    part,
    stage,
    provider,
    threads,
    warmup,
    run: latencySummary(runs.map(({ durationMs }) => durationMs))!,
    inNodes: latencySummary(
      runs.map((run) => run.nodes.reduce((sum, node) => sum + node.durationMs, 0) / run.durationMs),
    )!,
    plain: latencySummary(plainMs)!,
    profiled: latencySummary(profiledMs)!,
    cost: ratioOfMedians({ a: plainMs, b: profiledMs, paired: true }, 0),
    gmacs: nodes.reduce((sum, { macs }) => sum + macs, 0) / 1e9,
    ceilings,
    assignment: assignmentOf(part, provider, runs.at(-1)!),
    times: runs.every(timesWork) ? "work" : "handed over",
    ...summarise(runs, nodes, ceilings),
  };
}
