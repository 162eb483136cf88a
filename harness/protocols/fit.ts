import type { PromptSize, ScoredStep, VariantManifest } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { needsOf, type PlannedPrompts, promptsOf } from "./plan.ts";

/** The properties of a variant that decide whether a protocol's prompts fit it. */
export type Fitting = Pick<
  VariantManifest,
  "id" | "lacks" | "role" | "everything" | "maxPoints" | "choosesUpTo" | "lackReasons"
>;

/** The reason why a variant can not be measured with some prompts. */
export interface Misfit {
  readonly problem: string;
  readonly found: string;
  readonly expected?: string;
  readonly hint: string;
}

/**
 * Returns why the prompts do not fit the variant, or undefined where they fit. The steps that are asked for decide: five clicks
 * may fit where nine do not.
 */
export function misfitOf({ protocol, prompts }: PlannedPrompts, variant: Fitting): Misfit | undefined {
  const { everything, lacks, lackReasons = {}, role } = variant;
  if (role === "floor" && (protocol.prompted === "grid" || protocol.prompted === "nothing"))
    return {
      problem: `can not be measured by protocol ${protocol.id}, whose masks answer no prompt about one thing`,
      found: "a floor, which looks at no photo",
      hint: "leave the variant out, or choose prompts that are boxes or points: --prompts box,1p,3p",
    };
  if (protocol.prompted === "grid" && everything === "own output")
    return {
      problem: `can not be measured by protocol ${protocol.id}, which prompts a grid of points`,
      found: "an everything mode that is an output of its own",
      hint: "--protocol anything-ar-fastsam measures that output",
    };
  if (protocol.prompted === "nothing")
    return everything !== undefined
      ? undefined
      : {
          problem: `can not be measured by protocol ${protocol.id}, which prompts nothing`,
          found: "no everything mode of its own",
          hint: "--protocol anything-ar1000 and anything-default prompt a grid of points",
        };
  const missing = needsOf({ protocol, prompts }).filter((need) => lacks.includes(need));
  if (missing.length > 0)
    return {
      problem: missing.some((need) => protocol.needs.includes(need))
        ? `can not be measured by protocol ${protocol.id}, it lacks what that needs`
        : `can not be measured with prompts ${prompts}, it lacks what they need`,
      found: `no ${missing.join(", no ")}`,
      hint: [
        ...missing.flatMap((need) => lackReasons[need] ?? []),
        "leave the variant or the protocol out; `bench list protocols` says what each needs",
      ].join("; "),
    };
  // The last step has the longest prompt.
  for (const pass of protocol.passes)
    for (const step of pass.scored.filter((each) => each.prompts === prompts).toReversed()) {
      const size = pass.sampler.size(step.step);
      const misfit = tooManyPoints(size, step, variant) ?? otherMask(pass.looksAt, size, step, variant);
      if (misfit !== undefined) return misfit;
    }
  return undefined;
}

function tooManyPoints(size: PromptSize, { prompts }: ScoredStep, { maxPoints }: Fitting): Misfit | undefined {
  const points = size.points + (size.box ? 2 : 0);
  if (maxPoints === undefined || points <= maxPoints) return undefined;
  return {
    problem: `takes fewer points than prompts ${prompts} hold`,
    found: `${points}, a box counting as two`,
    expected: `at most ${maxPoints}`,
    hint: "choose prompts of fewer points",
  };
}

/**
 * Returns a misfit for a decoder whose one mask is not the one that the choice looks at, or whose scores are no predicted IoU.
 */
function otherMask(
  looksAt: "single mask" | "most confident" | "three masks",
  size: PromptSize,
  { prompts }: ScoredStep,
  { lacks, lackReasons = {}, choosesUpTo = 0 }: Fitting,
): Misfit | undefined {
  if (looksAt === "most confident" && lacks.includes("predicted-iou"))
    return {
      problem: `can not be measured with prompts ${prompts}, which keep the mask of the highest predicted IoU`,
      found: "iou_predictions that are stability scores",
      hint: "export the decoder without --use-stability-score",
    };
  if (looksAt === "single mask" || !lacks.includes("three-masks")) return undefined;
  const counted = size.points + (size.box ? 2 : 1);
  if (looksAt === "most confident" && counted <= choosesUpTo) return undefined;
  return {
    problem: `can not be measured with prompts ${prompts}, which need three masks`,
    found:
      looksAt === "most confident"
        ? `a decoder that gives one mask, the single-mask token's for more than ${choosesUpTo} points, padding counted`
        : "a decoder that gives one mask",
    hint: lackReasons["three-masks"] ?? "export the decoder without --return-single-mask",
  };
}

/** Throws HarnessError for the first prompts that do not fit; its hint names the prompts of the same protocols that do. */
export function requireFit(plan: readonly PlannedPrompts[], variant: Fitting): void {
  for (const each of plan) {
    const misfit = misfitOf(each, variant);
    if (misfit === undefined) continue;
    const { problem, found, expected, hint } = misfit;
    const fitting = fittingPrompts(plan, variant);
    throw new HarnessError(`${variant.id}: ${problem}`, {
      found,
      expected,
      hint: fitting.length === 0 ? hint : `${hint}; --prompts ${fitting.join(",")} fit`,
    });
  }
}

function fittingPrompts(plan: readonly PlannedPrompts[], variant: Fitting): readonly string[] {
  const protocols = [...new Set(plan.map(({ protocol }) => protocol))];
  return protocols.flatMap((protocol) =>
    promptsOf(protocol).filter((prompts) => misfitOf({ protocol, prompts }, variant) === undefined),
  );
}
