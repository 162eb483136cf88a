import type { ImageEmbedding, MaskPrediction, Tensor, Variant, VariantManifest } from "../../api.ts";
import { prepare, toModelFrame } from "../../image/prepare.ts";
import { boxPrompt } from "../../prompts/timedBoxes.ts";
import { encoding } from "./encoding.ts";
import type { BoxedPhoto } from "./timedStages.ts";

/** Outputs by stage: they are those of one image and its boxes. */
export interface StageOutputs {
  readonly encode: readonly Tensor["data"][];
  readonly decode: readonly Tensor["data"][];
}

interface Compared {
  readonly variant: Variant;
  readonly preset: VariantManifest;
  /** Images in one call of the encoder, of which the first is compared; 1 if left out. */
  readonly batch?: number | undefined;
}

/**
 * Runs one image and its boxes. The values of all prompts are one output: the std is over all of them. Each skip connection is an
 * output of the encoder, as the embedding is.
 */
export async function stageOutputs(
  { variant, preset, batch }: Compared,
  { photo, boxes }: BoxedPhoto,
): Promise<StageOutputs> {
  const [embedding] = (await encoding({ variant, preset, batch }, prepare(photo, preset.input))()) as [ImageEmbedding];
  const prompts = boxes.map((box) => toModelFrame(boxPrompt(box, preset), embedding.geometry));
  const predictions = await variant.decode(embedding, prompts);
  const encode = [embedding.tensor, ...Object.values(embedding.skipConnections ?? {})].map(({ data }) => data);
  const logits = predictions.filter(
    (each): each is Extract<MaskPrediction, { kind: "logits" }> => each.kind === "logits",
  );
  if (logits.length > 0)
    return {
      encode,
      decode: [
        joined(logits.map(({ lowResLogits }) => lowResLogits.data)),
        joined(logits.map(({ predictedIou }) => predictedIou)),
      ],
    };
  const everything = await variant.everything?.(embedding);
  return { encode: everything?.kind === "masks" ? [...encode, everything.scores] : encode, decode: [] };
}

function joined(arrays: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(arrays.reduce((length, each) => length + each.length, 0));
  let at = 0;
  for (const each of arrays) {
    whole.set(each, at);
    at += each.length;
  }
  return whole;
}
