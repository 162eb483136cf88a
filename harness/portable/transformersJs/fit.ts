import type { DecoderRules, GraphKind } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import type { RegisteredVariant } from "../../plan/plugins/registry.ts";
import { rulesOf } from "../write.ts";

/** Says why the library's SamModel can not feed a decoder of other rules than SAM's. */
const reasons: Readonly<Record<Exclude<DecoderRules, "sam">, string>> = {
  "hq-sam": "HQ-SAM's decoder takes features of early layers, and SamModel passes on the image embedding alone",
  "hq-sam-alone": "HQ-SAM's decoder takes features of early layers, and SamModel passes on the image embedding alone",
  efficientsam: "EfficientSAM stretches the photo and takes prompts without a padding point, and SamProcessor pads",
  sam2: "SAM 2's decoder takes maps at three resolutions, and SamModel passes on the image embedding alone",
  "sam2-by-stability":
    "SAM 2's decoder takes maps at three resolutions, and SamModel passes on the image embedding alone",
  fastsam: "FastSAM detects without prompts, and has no decoder",
};

/** Says what else can be done with a variant that is refused. */
export const refusedHint = "leave --layout out: the folder with model.json says how these graphs are fed";

/** Throws HarnessError, with the reason, for a variant that the library's SamModel can not run as it is measured. */
export function requireSamModel(variant: RegisteredVariant, graph: GraphKind): void {
  const rules = rulesOf(variant);
  const { id, input, mask } = variant.preset;
  const refusal = (why: string, said: { readonly found?: string; readonly hint?: string } = {}) =>
    new HarnessError(`${id}: can not be written for transformers.js: ${why}`, { hint: refusedHint, ...said });
  if (rules !== "sam") throw refusal(reasons[rules]);
  if (graph === "reference")
    throw refusal("the published operators are not cut where the library cuts", { hint: "leave --reference out" });
  if (input.promptSide !== undefined && input.promptSide !== input.side)
    throw refusal("SamProcessor places image and prompts in one frame", {
      found: `an image frame of ${input.side} px and a prompt frame of ${input.promptSide} px`,
    });
  if (input.fit !== "pad" || input.padValue !== 0)
    throw refusal("SamProcessor pads with zeros, at the right and below", {
      found: `${input.fit}, ${String(input.padValue)}`,
    });
  if (mask.path !== "model-frame" || mask.interpolation !== "bilinear" || mask.threshold !== ">0")
    throw refusal("SamProcessor makes masks as SAM's predictor does", {
      found: `${mask.path}, ${mask.interpolation}, ${mask.threshold}`,
    });
}
