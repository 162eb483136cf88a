import type { Precision } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { isWeb } from "../onnx/providers/web.ts";
import type { ChosenVariant } from "../plan/models/weights.ts";
import type { RunPlan } from "../plan/plan.ts";
import { type PlanPoint, runtimeOf, variantAtSide } from "../plan/point.ts";
import { type Axis, type AxisName, type AxisValue, kindOf } from "./axes.ts";

/** A point has one value on each axis. */
export interface SweepPoint {
  readonly values: Readonly<Partial<Record<AxisName, AxisValue>>>;
  readonly label: string;
}

/** Returns the points of a sweep: those of one value of the first axis follow each other. */
export function pointsOf(axes: readonly Axis[]): readonly SweepPoint[] {
  return axes.reduce<readonly SweepPoint[]>(
    (points, axis) =>
      points.flatMap(({ values, label }) =>
        axis.values.map((value) => ({
          values: { ...values, [axis.name]: value },
          label: label === "" ? kindOf(axis).label(value) : `${label}, ${kindOf(axis).label(value)}`,
        })),
      ),
    [{ values: {}, label: "" }],
  );
}

/** Returns the ids of the variants that a sweep measures: several where the precision is an axis. */
export function variantsOf(
  variant: string,
  axes: readonly Axis[],
  precisions: readonly Precision[],
): readonly string[] {
  const axis = axes.find(({ name }) => name === "precision");
  if (axis === undefined) return [variant];
  return axis.values.map((value) => precisions.find(({ name }) => name === value)!.idOf(variant));
}

/**
 * Returns the plan of a sweep: each point is a variant of it. Accuracy is measured where an axis changes it, once for all points
 * that give the same masks. `plan` has the variants of `variantsOf`. Throws HarnessError for an axis that the variant does not
 * have.
 */
export function sweepPlan(plan: RunPlan, axes: readonly Axis[]): RunPlan {
  for (const chosen of plan.chosen) for (const axis of axes) requireAxis(chosen, axis);
  const changing = axes.filter((axis) => kindOf(axis).accuracy === "changes");
  const phases = changing.length > 0 ? plan.phases : plan.phases.filter((phase) => phase === "latency");
  return { ...plan, phases, chosen: pointsOf(axes).map((point) => chosenAt(plan, point, axes)) };
}

function chosenAt(plan: RunPlan, { values, label }: SweepPoint, axes: readonly Axis[]): ChosenVariant {
  const precision = axes.find(({ name }) => name === "precision");
  const chosen = plan.chosen[precision === undefined ? 0 : precision.values.indexOf(values.precision!)]!;
  const common = runtimeOf(plan, chosen);
  const asTrained = chosen.variant.preset.input.side;
  const side = values.side === asTrained ? undefined : (values.side as number | undefined);
  const isFirst = axes.every((axis) => kindOf(axis).accuracy === "changes" || values[axis.name] === axis.values[0]);
  const point: PlanPoint = {
    label,
    sizes: {
      side,
      batch: values.batch === 1 ? undefined : (values.batch as number),
      prompts: values.prompts as number,
    },
    runtime: {
      provider: (values.provider as string | undefined) ?? common.provider,
      threads: (values.threads as number | undefined) ?? common.threads,
    },
    accuracy: isFirst ? "here" : "elsewhere",
  };
  return { ...chosen, variant: variantAtSide(chosen.variant, side), point };
}

/** Axes that a variant does not have whose graphs are not built here. */
const ofBuiltGraphs: readonly AxisName[] = ["batch", "side", "precision"];

function requireAxis({ variant, external, unanswered, provider }: ChosenVariant, { name }: Axis): void {
  const { preset, files } = variant;
  const refuse = (found: string, expected: string) => {
    throw new HarnessError(`${preset.id}: can not be swept over ${name}`, { found, expected });
  };
  if (preset.role === "floor") refuse("a floor, which has no graphs", "a model");
  if ((external !== undefined || unanswered !== undefined) && name !== "threads")
    refuse("another program answers for it", "the axis threads");
  if (isWeb(provider ?? "")) refuse("a page of a browser computes it", "--runtime node");
  if (files !== undefined && ofBuiltGraphs.includes(name))
    refuse("ONNX files of your own, which are as they are", "the axes threads, prompts and provider");
  if (preset.calibration !== undefined && name === "side")
    refuse(`it learns from images of ${preset.input.side} px`, "a variant without a calibration");
}
