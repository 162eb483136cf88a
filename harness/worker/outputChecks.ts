import type {
  Geometry,
  ImageEmbedding,
  LookedAt,
  MaskPrediction,
  ModelInput,
  Rle,
  Tensor,
  VariantManifest,
} from "../api.ts";
import { HarnessError } from "../errors.ts";

/** Checks of what a variant's plug-in returns, by stage. Each throws HarnessError: variant, output, found, expected. */
export interface OutputChecks {
  embedding(embedding: ImageEmbedding, input: ModelInput): void;
  /**
   * Requires one prediction for each prompt; of one without logits, that none of its masks is looked at. `geometry` is that of the
   * encoded image.
   */
  predictions(predictions: readonly MaskPrediction[], prompts: number, geometry: Geometry, lookedAt?: LookedAt): void;
  everything(prediction: MaskPrediction, geometry: Geometry): void;
}

/** Variant whose outputs are checked, with a hint for its errors. */
interface Subject {
  readonly id: string;
  readonly hint: () => string | undefined;
}

/** Returns the checks of a variant. `hint` names the outputs of its graphs where that helps the plug-in's author. */
export function outputChecks(
  { id, lacks }: Pick<VariantManifest, "id" | "lacks">,
  hint: () => string | undefined = () => undefined,
): OutputChecks {
  const subject = { id, hint };
  /** Tokens of the first prediction: all others have as many, because a token has one meaning. */
  let tokens: number | undefined;
  const prediction = (output: string, given: MaskPrediction, geometry: Geometry) => {
    if (given?.kind === "masks") return requireMasks(subject, output, given, geometry);
    if (given?.kind !== "logits")
      throw wrong(subject, `${output}: no prediction`, kindOf(given), 'kind "logits" or "masks"');
    requireLogits(subject, output, given);
    const count = given.predictedIou.length;
    const least = lacks.includes("single-mask-token") || lacks.includes("three-masks") ? 1 : 2;
    if (count < least)
      throw wrong(
        subject,
        `${output}: too few mask tokens`,
        count,
        `at least ${least}: ${least === 2 ? "the single-mask token and others" : "one mask"}`,
      );
    tokens ??= count;
    if (count !== tokens) throw wrong(subject, `${output}: another number of mask tokens than before`, count, tokens);
  };
  return {
    embedding(embedding, input) {
      requireTensor(subject, "encode, image embedding", embedding?.tensor, {
        rank: 4,
        form: "[1, channels, rows, columns]",
      });
      const { dims } = embedding.tensor;
      if (dims[0] !== 1)
        throw wrong(subject, "encode, image embedding: more than one image", dims, "[1, channels, rows, columns]");
      for (const [input, tensor] of Object.entries(embedding.skipConnections ?? {}))
        requireSkipConnection(subject, `encode, skip connection ${input}`, tensor);
      requireGeometry(subject, embedding.geometry, input.geometry);
    },
    predictions(predictions, prompts, geometry, lookedAt) {
      if (!Array.isArray(predictions) || predictions.length !== prompts)
        throw wrong(subject, "decode: not one prediction a prompt", lengthOf(predictions), `${prompts} predictions`);
      for (const [i, each] of predictions.entries()) {
        const output = `decode, prompt ${i + 1}`;
        if (each?.kind === "tokens" && lookedAt !== undefined) requireUnseen(subject, output, each, lookedAt);
        else prediction(output, each, geometry);
      }
    },
    everything: (given, geometry) => prediction("everything", given, geometry),
  };
}

function requireLogits(
  subject: Subject,
  output: string,
  { lowResLogits, predictedIou }: MaskPrediction & { kind: "logits" },
): void {
  const name = `${output}, low-res logits`;
  requireTensor(subject, name, lowResLogits, { rank: 3, form: "[tokens, side, side]" });
  const [count, rows, columns] = lowResLogits.dims as [number, number, number];
  if (rows !== columns) throw wrong(subject, `${name}: not square`, lowResLogits.dims, "[tokens, side, side]");
  requireNumbers(subject, `${output}, predicted IoU`, predictedIou, count, "one a token");
}

/** Requires that no mask of a prediction without logits is looked at. */
function requireUnseen(
  subject: Subject,
  output: string,
  { tokens, predictedIou }: MaskPrediction & { kind: "tokens" },
  { firstToken, leastPredictedIou }: LookedAt,
): void {
  if (!Array.isArray(tokens) || tokens.length === 0 || tokens[0] !== firstToken)
    throw wrong(
      subject,
      `${output}, tokens: not those that are looked at`,
      tokens,
      `${firstToken} and those behind it`,
    );
  requireNumbers(subject, `${output}, predicted IoU`, predictedIou, tokens.length, "one a token");
  const seen = predictedIou.findIndex((value) => value >= leastPredictedIou);
  if (seen >= 0)
    throw wrong(
      subject,
      `${output}: no logits of a mask that is looked at`,
      `predicted IoU ${predictedIou[seen]} of token ${tokens[seen]}`,
      `below ${leastPredictedIou}`,
    );
}

function requireMasks(
  subject: Subject,
  output: string,
  { masks, scores }: MaskPrediction & { kind: "masks" },
  { image }: Geometry,
): void {
  if (!Array.isArray(masks)) throw wrong(subject, `${output}, masks: missing`, typeof masks, "a list of masks");
  requireNumbers(subject, `${output}, scores`, scores, masks.length, "one a mask");
  for (const [i, mask] of (masks as readonly Rle[]).entries()) {
    const name = `${output}, mask ${i + 1}`;
    if (mask?.size?.height !== image.height || mask.size.width !== image.width)
      throw wrong(subject, `${name}: another size than the image`, sizeText(mask?.size), sizeText(image));
    if (!(mask.counts instanceof Uint32Array))
      throw wrong(subject, `${name}: not a run-length mask`, kindOf(mask.counts), "counts in a Uint32Array");
    let pixels = 0;
    for (const run of mask.counts) pixels += run;
    if (pixels !== image.height * image.width)
      throw wrong(
        subject,
        `${name}: its runs do not fill the image`,
        `${pixels} px`,
        `${image.height * image.width} px`,
      );
  }
}

/** Requires a tensor of one image. Its layout is a matter between encoder and decoder. */
function requireSkipConnection(subject: Subject, name: string, tensor: Tensor | undefined): void {
  const form = "[1, …]";
  requireTensor(subject, name, tensor, { form });
  if (tensor!.dims[0] !== 1) throw wrong(subject, `${name}: more than one image`, tensor!.dims, form);
}

/** Requires a tensor of finite values; one of any number of dimensions where `rank` is left out. */
function requireTensor(
  subject: Subject,
  name: string,
  tensor: Tensor | undefined,
  { rank, form }: { readonly rank?: number; readonly form: string },
): void {
  const dims = tensor?.dims;
  if (!Array.isArray(dims)) throw wrong(subject, `${name}: no tensor`, typeof tensor, form);
  const positive = dims.every((dim: unknown) => Number.isSafeInteger(dim) && (dim as number) > 0);
  if (dims.length !== (rank ?? dims.length) || !positive) throw wrong(subject, `${name}: wrong dimensions`, dims, form);
  const values = dims.reduce((product: number, dim: number) => product * dim, 1);
  requireNumbers(subject, name, tensor!.data, values, dims.join(" x "));
}

function requireNumbers(
  subject: Subject,
  name: string,
  data: Float32Array | undefined,
  count: number,
  what: string,
): void {
  if (!(data instanceof Float32Array))
    throw wrong(subject, `${name}: not a Float32Array`, kindOf(data), "Float32Array");
  if (data.length !== count) throw wrong(subject, `${name}: wrong number of values`, data.length, `${count}, ${what}`);
  if (allFinite(data)) return;
  const at = data.findIndex((value) => !Number.isFinite(value));
  throw wrong(subject, `${name}: not a finite number`, `${data[at]} at ${at}`, "finite values");
}

/**
 * Tells whether all values are finite: one that is not makes the sum of all not finite. There are four sums, because each
 * addition waits for the one before in the same sum.
 */
function allFinite(data: Float32Array): boolean {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = data.length - (data.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += data[i]!;
    b += data[i + 1]!;
    c += data[i + 2]!;
    d += data[i + 3]!;
  }
  for (let i = whole; i < data.length; i++) a += data[i]!;
  return Number.isFinite(a) && Number.isFinite(b) && Number.isFinite(c) && Number.isFinite(d);
}

/** Requires the input's geometry, whatever the encoder did to the pixels: masks are placed by it. */
function requireGeometry(subject: Subject, found: Geometry | undefined, expected: Geometry): void {
  if (found === expected) return;
  const text = (geometry: Geometry | undefined) => {
    if (geometry?.image === undefined || geometry.resized === undefined) return "none";
    const { image, resized, offset, frame } = geometry;
    return `${sizeText(image)} as ${sizeText(resized)} at ${offset?.x}, ${offset?.y} of ${sizeText(frame)}`;
  };
  if (text(found) !== text(expected))
    throw wrong(subject, "encode, geometry: not the input's", text(found), text(expected));
}

function sizeText(size: Geometry["image"] | undefined): string {
  return size === undefined ? "none" : `${size.height} x ${size.width}`;
}

function lengthOf(list: unknown): string {
  return Array.isArray(list) ? `${list.length} predictions` : kindOf(list);
}

function kindOf(value: unknown): string {
  return value === null || typeof value !== "object" ? typeof value : value.constructor.name;
}

function wrong({ id, hint }: Subject, problem: string, found: unknown, expected: unknown): HarnessError {
  return new HarnessError(`${id}: ${problem}`, { found, expected, hint: hint() });
}
