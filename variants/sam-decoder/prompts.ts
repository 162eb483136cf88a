import type { MaskPrediction, NamedTensors, Prompt, Tensor } from "../../harness/api.ts";

/** Labels of points that no user gives. */
export const label = { padding: -1, boxStart: 2, boxEnd: 3 } as const;

/**
 * Label of a point that is encoded by its place alone. The published point path knows the labels -1, 0 and 1; whatever else it
 * is given, 2 and 3 included, gets no embedding (prompt_encoder.py, _embed_points), since boxes take a path of their own.
 */
export const placeOnly = 4;

/** A prompt in the form that the decoder takes it. */
export interface PromptTokens {
  /** x, y by turns, in the model frame. */
  readonly coordinates: readonly number[];
  readonly labels: readonly number[];
  readonly mask?: Tensor;
}

/**
 * Returns points first, then one padding point if there is no box, else the box's two corners: the published predictor does so.
 * A padding point takes part in attention, so it is there exactly then.
 * Source: segment_anything/modeling/prompt_encoder.py.
 */
export function tokensOf({ points, box, mask }: Prompt<"model">): PromptTokens {
  const placed = points.flatMap(({ x, y }) => [x, y]);
  const labels = points.map((point) => point.label);
  const rest =
    box === undefined
      ? { coordinates: [0, 0], labels: [label.padding] }
      : { coordinates: [box.x0, box.y0, box.x1, box.y1], labels: [label.boxStart, label.boxEnd] };
  return {
    coordinates: [...placed, ...rest.coordinates],
    labels: [...labels, ...rest.labels],
    mask,
  };
}

/** Returns the prompt without its padding point, for a decoder whose own predictor feeds none. */
export function withoutPadding({ coordinates, labels, mask }: PromptTokens): PromptTokens {
  const at = labels.indexOf(label.padding);
  if (at < 0) return { coordinates, labels, mask };
  return {
    coordinates: [...coordinates.slice(0, 2 * at), ...coordinates.slice(2 * at + 2)],
    labels: [...labels.slice(0, at), ...labels.slice(at + 1)],
    mask,
  };
}

/** Returns the inputs of one decoder call. All prompts have one length, and all or none of them have a mask. */
export function promptTensors(batch: readonly PromptTokens[]): NamedTensors {
  const points = batch[0]!.labels.length;
  const masks = batch.flatMap(({ mask }) => (mask === undefined ? [] : [mask]));
  const tensors = {
    point_coords: {
      dims: [batch.length, points, 2],
      data: Float32Array.from(batch.flatMap(({ coordinates }) => coordinates)),
    },
    point_labels: { dims: [batch.length, points], data: Float32Array.from(batch.flatMap(({ labels }) => labels)) },
  };
  return masks.length === 0 ? tensors : { ...tensors, mask_input: stacked(masks) };
}

/** [1, side, side] each → [prompts, 1, side, side] */
function stacked(masks: readonly Tensor[]): Tensor {
  const size = masks[0]!.data.length;
  const data = new Float32Array(size * masks.length);
  for (const [i, mask] of masks.entries()) data.set(mask.data, i * size);
  return { dims: [masks.length, 1, ...masks[0]!.dims.slice(-2)], data };
}

/** Returns the i-th prompt's masks and predicted IoUs as copies, so that the batch's own memory can be freed. */
export function predictionOf(outputs: NamedTensors, i: number): MaskPrediction {
  const masks = outputs.low_res_masks!;
  const iou = outputs.iou_predictions!;
  const [, tokens, rows, columns] = masks.dims as [number, number, number, number];
  const size = tokens * rows * columns;
  return {
    kind: "logits",
    lowResLogits: { dims: [tokens, rows, columns], data: masks.data.slice(i * size, (i + 1) * size) },
    predictedIou: iou.data.slice(i * tokens, (i + 1) * tokens),
  };
}
