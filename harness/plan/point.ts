import type { RuntimeOptions, VariantManifest } from "../api.ts";
import { webThreads } from "../onnx/providers/web.ts";
import { processor } from "../store/rowName.ts";
import type { RegisteredVariant } from "./plugins/registry.ts";

/** Sizes in which a measurement differs from the ordinary one; it is plain data, since it crosses process boundaries. */
export interface PointSizes {
  /** Side of the model input, px, where it is not the preset's. */
  readonly side?: number | undefined;
  /** Images in one call of the encoder, where there are several. */
  readonly batch?: number | undefined;
  /** Prompts that are decoded in one call to measure prompts a second. */
  readonly prompts?: number | undefined;
}

/** A point of a sweep: what a variant is measured with in place of what the plan says for all. */
export interface PlanPoint {
  /** Says in words which point it is: `batch 4, 2 threads`. */
  readonly label: string;
  readonly sizes: PointSizes;
  readonly runtime: Pick<RuntimeOptions, "provider" | "threads">;
  /** `elsewhere`: another point, which computes the same, has the accuracy. */
  readonly accuracy: "here" | "elsewhere";
}

interface Measured {
  readonly provider?: string | undefined;
  readonly point?: PlanPoint | undefined;
}

/** Returns the runtime that a variant of the plan is measured with. */
export function runtimeOf(
  { runtime: { threads } }: { readonly runtime: Pick<RuntimeOptions, "threads"> },
  { provider = processor, point }: Measured,
): PlanPoint["runtime"] {
  return point?.runtime ?? { provider, threads: webThreads(provider) ?? threads };
}

/** Returns the variant with an input of another side, if one is given; what it says of itself tells that nobody trained it for that. */
export function variantAtSide(variant: RegisteredVariant, side: number | undefined): RegisteredVariant {
  if (side === undefined) return variant;
  const base = variant.base === undefined ? undefined : variantAtSide(variant.base, side);
  return { ...variant, preset: presetAtSide(variant.preset, side), base };
}

/** Prompts and masks keep their frame's proportion to the input. */
function presetAtSide(preset: VariantManifest, side: number): VariantManifest {
  const { input, notes } = preset;
  const promptSide = input.promptSide === undefined ? undefined : (input.promptSide * side) / input.side;
  return {
    ...preset,
    input: { ...input, side, promptSide },
    notes: [
      ...notes,
      `its input is ${side} px here: the model was trained for ${input.side} px, and not for this side`,
    ],
  };
}
