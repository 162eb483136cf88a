import type { LookedAt, MaskPrediction, NamedTensors, RuntimeOptions, Tensor } from "../../harness/api.ts";
import { leastScores, openSession, type Session, siftedModel } from "../../harness/onnx/index.ts";

/** Holds a decoder that makes masks for those prompts alone of which one is looked at: upscaling is two fifths of a prompt's work. */
export interface SiftedDecoder {
  readonly session: Session;
  /** Masks of a prompt. */
  readonly masks: number;
}

/**
 * Opens a decoder's graph so that it sifts prompts; returns nothing where that is not possible without changing results. Other
 * providers than the processor choose their kernels, and with these the last digits, by the number of prompts.
 */
export async function openSifted(file: string, runtime: RuntimeOptions): Promise<SiftedDecoder | undefined> {
  const sifted = runtime.provider === "cpu" ? siftedModel(file) : undefined;
  if (sifted === undefined) return undefined;
  const { model, masks } = sifted;
  return { session: await openSession(file, { ...runtime, model }), masks };
}

/**
 * Decodes the prompts of one call: `predictionOf` makes the predictions of prompts that have masks, from outputs that hold such
 * prompts alone, and the others' name the tokens that would be looked at.
 */
export async function decodeSifted(
  { session, masks }: SiftedDecoder,
  { feeds, lookedAt }: { readonly feeds: NamedTensors; readonly lookedAt: LookedAt },
  predictionOf: (outputs: NamedTensors, i: number) => MaskPrediction,
): Promise<readonly MaskPrediction[]> {
  const least = leastIous(lookedAt, masks);
  const decoded = await session.run({ ...feeds, [leastScores]: least });
  const ious = rowsOf(decoded.iou_predictions!);
  const isLookedAt = (each: Float32Array) => each.some((value, token) => value >= least.data[token]!);
  const reaching = ious.flatMap((each, i) => (isLookedAt(each) ? [i] : []));
  const outputs: NamedTensors = {
    low_res_masks: masksOf(decoded, reaching.length),
    iou_predictions: { dims: [reaching.length, masks], data: joined(reaching.map((i) => ious[i]!)) },
  };
  const places = new Map(reaching.map((prompt, place) => [prompt, place]));
  return ious.map((each, i) => {
    const place = places.get(i);
    return place === undefined ? unseen(each, lookedAt) : predictionOf(outputs, place);
  });
}

/** Returns the least predicted IoU of each mask, [masks], as float32; a mask before the first token that is looked at reaches none. */
function leastIous({ firstToken, leastPredictedIou }: LookedAt, masks: number): Tensor {
  const data = Float32Array.from({ length: masks }, (_, token) =>
    token < firstToken ? Number.POSITIVE_INFINITY : leastPredictedIou,
  );
  return { dims: [masks], data };
}

/** Returns the masks of those prompts that go on. */
function masksOf({ low_res_masks: masks }: NamedTensors, prompts: number): Tensor {
  const found = masks!.dims[0];
  if (found === prompts) return masks!;
  throw new Error(`a sifted decoder gives masks of ${found} prompts instead of ${prompts}`);
}

function unseen(ious: Float32Array, { firstToken }: LookedAt): MaskPrediction {
  const predictedIou = ious.slice(firstToken);
  return { kind: "tokens", tokens: Array.from(predictedIou, (_, i) => firstToken + i), predictedIou };
}

function rowsOf({ dims, data }: Tensor): readonly Float32Array[] {
  const [rows, columns] = dims as [number, number];
  return Array.from({ length: rows }, (_, i) => data.subarray(i * columns, (i + 1) * columns));
}

function joined(arrays: readonly Float32Array[]): Float32Array {
  return Float32Array.from(arrays.flatMap((array) => [...array]));
}
