import type {
  ImageEmbedding,
  MaskPrediction,
  Point,
  Prompt,
  RgbImage,
  Tensor,
  TokenSet,
  Variant,
  VariantManifest,
} from "../../../api.ts";
import { prepare, toModelFrame } from "../../../image/prepare.ts";
import { timed } from "../../../measure/clock.ts";
import type { Message } from "../../../process/external/messages.ts";
import type { OutputChecks } from "../../outputChecks.ts";
import { tokenSets } from "../tokenSets.ts";
import type { Answer } from "./channel.ts";

/** A model that a page has loaded. */
export interface PageModel {
  readonly variant: Variant;
  readonly preset: VariantManifest;
  readonly checks: OutputChecks;
}

/** Returns the photo whose pixels are a question's only frame. */
export function photoIn({ fields, frames }: Message): RgbImage {
  const { height, width } = fields as { readonly height: number; readonly width: number };
  return { size: { height, width }, pixels: frames[0]! };
}

interface EncodedPhoto {
  readonly embedding: ImageEmbedding;
  readonly answer: Answer;
}

/** Prepares and encodes a photo, and answers `setImage` of variants/external/README.md. */
export async function encodePhoto({ variant, preset, checks }: PageModel, photo: RgbImage): Promise<EncodedPhoto> {
  const prepared = await timed(() => prepare(photo, preset.input));
  const encoded = await timed(() => variant.encode(prepared.value));
  const embedding = encoded.value;
  checks.embedding(embedding, prepared.value);
  const { resized, offset, frame } = embedding.geometry;
  const geometry = {
    resized: [resized.height, resized.width],
    offset: [offset.x, offset.y],
    frame: [frame.height, frame.width],
  };
  return { embedding, answer: { fields: { prepareMs: prepared.durationMs, encodeMs: encoded.durationMs, geometry } } };
}

/** Decodes the prompts of a question about the photo, and answers `decode` with low-res logits: masks are the harness's to make. */
export async function decodePrompts(
  { variant, preset, checks }: PageModel,
  embedding: ImageEmbedding,
  question: Message,
): Promise<Answer> {
  const prompts = promptsIn(question).map((prompt) => toModelFrame(prompt, embedding.geometry));
  const { value: predictions, durationMs } = await timed(() => variant.decode(embedding, prompts));
  checks.predictions(predictions, prompts.length, embedding.geometry);
  const logits = predictions.map(requireLogits);
  const sets = tokenSets(preset, logits[0]!.predictedIou.length);
  const tokens = sets[question.fields.set as TokenSet] ?? [];
  return {
    fields: {
      tokens,
      predictions: logits.map(({ predictedIou }) => ({ predictedIou: tokens.map((token) => predictedIou[token]) })),
      decodeMs: durationMs,
      postprocessMs: 0,
    },
    frames: logits.map(({ lowResLogits }) => bytesOf(lowResLogits, tokens)),
  };
}

type Logits = Extract<MaskPrediction, { readonly kind: "logits" }>;

function requireLogits(prediction: MaskPrediction): Logits {
  if (prediction.kind !== "logits") throw new Error("the page answers with low-res logits alone");
  return prediction;
}

/** Returns the logits of these tokens, which follow one another. */
function bytesOf({ dims, data }: Tensor, tokens: readonly number[]): Uint8Array {
  const size = dims[1]! * dims[2]!;
  const first = tokens[0] ?? 0;
  const { buffer, byteOffset, byteLength } = data.subarray(first * size, (first + tokens.length) * size);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

interface AskedPrompt {
  readonly points: readonly (readonly [number, number, Point["label"]])[];
  readonly box: readonly [number, number, number, number] | null;
  /** Number of the frame that holds the low-res logits, [1, side, side]. */
  readonly mask: number | null;
}

function promptsIn({ fields, frames }: Message): readonly Prompt<"image">[] {
  return (fields.prompts as readonly AskedPrompt[]).map(({ points, box, mask }) => ({
    frame: "image",
    points: points.map(([x, y, label]) => ({ x, y, label })),
    box: box === null ? undefined : { x0: box[0], y0: box[1], x1: box[2], y1: box[3] },
    mask: mask === null ? undefined : maskOf(frames[mask]!),
  }));
}

function maskOf({ buffer, byteOffset, byteLength }: Uint8Array): Tensor {
  const data = new Float32Array(buffer as ArrayBuffer, byteOffset, byteLength / 4);
  const side = Math.sqrt(data.length);
  return { dims: [1, side, side], data };
}
