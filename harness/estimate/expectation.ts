import { HarnessError } from "../errors.ts";
import type { BeforeTurns, TimeLimit } from "../measure/timeLimit.ts";
import { leastRounds } from "../plan/latencySettings.ts";
import type { RunPlan } from "../plan/plan.ts";
import { roundsWithin } from "./latencyTime.ts";
import { costsOf, needsOf, type PlanNeeds } from "./needs.ts";
import { planTimeLine, timeShortage } from "./planTime.ts";
import { measureSpeeds } from "./speeds.ts";

interface ExpectationRequest {
  readonly plan: RunPlan;
  /** Receives a line about the time before any work. */
  tell(text: string): void;
  /** Returns the time left of the plan's limit. */
  leftMs(): number;
  /** `begun` where runs of these variants are stored: some of the work may be done. */
  readonly stored: "nothing" | "begun";
}

/** A run's expected time, told once, and the time limit that follows from it. */
export interface ExpectedRun {
  /**
   * Measures the machine and tells what the plan takes, if that is not told yet. Throws HarnessError where the plan does not fit
   * its time limit.
   */
  beforeWork(): Promise<void>;
  readonly timeLimit: TimeLimit | undefined;
}

/** Expects the time of a plan as `bench doctor` does. Where the machine or a plug-in does not tell, nothing is expected. */
export function expectedRun({ plan, tell, leftMs, stored }: ExpectationRequest): ExpectedRun {
  let told: Promise<PlanNeeds | undefined> | undefined;
  let needs: PlanNeeds | undefined;
  const { maxMinutes } = plan;
  return {
    async beforeWork() {
      if (told !== undefined) return void (await told);
      told = expectedNeeds(plan);
      needs = await told;
      if (needs === undefined) return;
      const shortage = stored === "nothing" ? timeShortage(needs, plan) : undefined;
      if (shortage !== undefined) throw shortage;
      tell(planTimeLine(needs, plan));
    },
    timeLimit:
      maxMinutes === undefined
        ? undefined
        : {
            flag: `--max-minutes ${maxMinutes}`,
            leastRounds: leastRounds(plan.latency),
            leftMs,
            roundsThatFit: (known) => roundsThatFit(known, plan, needs),
          },
  };
}

async function expectedNeeds(plan: RunPlan): Promise<PlanNeeds | undefined> {
  try {
    return await needsOf(plan, await measureSpeeds(plan));
  } catch (error) {
    // The run meets the same error, and says what follows from it.
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}

/**
 * Returns the rounds that fit. How much slower the machine is than expected shows in the time that memory took, where the same
 * models were loaded and each ran once.
 */
function roundsThatFit({ groups, memoryMs, leftMs }: BeforeTurns, plan: RunPlan, needs: PlanNeeds | undefined): number {
  const { latency } = plan;
  const least = leastRounds(latency);
  if (needs === undefined) return least;
  const costs = costsOf(needs.variants);
  const known = groups.map((rows) => rows.filter((row) => costs.has(row)));
  const rows = new Set(known.flat());
  const expected = needs.variants.reduce((sum, { variant, parts }) => sum + (rows.has(variant) ? parts.memory : 0), 0);
  const slowness = expected === 0 ? 1 : Math.max(1, memoryMs / 1000 / expected);
  return roundsWithin(leftMs / 1000 / slowness, { ...latency, costs, groups: known, least });
}
