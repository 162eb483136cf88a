import { HarnessError } from "../errors.ts";
import type { RunPlan } from "../plan/plan.ts";
import type { PartSeconds, PlanNeeds } from "./needs.ts";

type PlanTime = Pick<PlanNeeds, "seconds" | "parts" | "untold" | "rounds">;

/** From this many seconds on, a time is written in minutes. */
const minutesFrom = 120;

/** Names of the parts in the order in which they are told. */
const partNames: Readonly<Record<keyof PartSeconds, string>> = {
  graphs: "graphs",
  calibration: "calibration",
  accuracy: "accuracy",
  memory: "memory",
  latency: "latency",
  coldStart: "cold start",
  energy: "energy",
};

/** Writes a plan's time and its parts: `about 21 min` and `graphs 6, accuracy 4, memory 5, latency 6 min`. */
export function planTimeTexts({ seconds, parts, untold }: Omit<PlanTime, "rounds">): {
  readonly total: string;
  readonly parts: string;
} {
  const [unit, size] = seconds >= minutesFrom ? (["min", 60] as const) : (["s", 1] as const);
  const named = Object.entries(partNames).flatMap(([part, name]) => {
    const text = roundedText(parts[part as keyof PartSeconds] / size);
    return text === "0" ? [] : [`${name} ${text}`];
  });
  const without = untold.length === 0 ? "" : ` without ${untold.join(", ")}, which shows how fast it is once it runs`;
  return {
    total: `about ${Math.max(1, Math.round(seconds / size))} ${unit}${without}`,
    parts: `${named.join(", ")} ${unit}`,
  };
}

/** Writes what a run says first. */
export function planTimeLine(
  needs: PlanTime,
  { latency, maxMinutes }: Pick<RunPlan, "latency" | "maxMinutes">,
): string {
  const { total, parts } = planTimeTexts(needs);
  const limited =
    needs.rounds < latency.rounds
      ? `; ${needs.rounds} of ${latency.rounds} rounds of latency, for --max-minutes ${maxMinutes}`
      : "";
  return `${total}: ${parts}, less what is here already${limited}`;
}

/** Returns what stands in the way of a plan that does not fit its time limit with the fewest rounds; nothing where it fits. */
export function timeShortage(needs: PlanTime, { maxMinutes }: Pick<RunPlan, "maxMinutes">): HarnessError | undefined {
  if (maxMinutes === undefined || needs.seconds <= 60 * maxMinutes) return undefined;
  const { total, parts } = planTimeTexts(needs);
  return new HarnessError(
    `--max-minutes ${maxMinutes}: the plan takes longer, also with ${needs.rounds} rounds of latency`,
    {
      found: `${total}: ${parts}`,
      hint: `--max-minutes ${Math.ceil(needs.seconds / 60)}, or fewer variants or images`,
    },
  );
}

/** Writes a whole number, below 10 with one decimal where it is not 0. */
function roundedText(value: number): string {
  return value < 9.95 ? String(Number(value.toFixed(1))) : value.toFixed(0);
}
