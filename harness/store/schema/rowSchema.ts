import { z } from "zod";
import type { PredictionRow as KeptRow } from "../../api.ts";
import { checked, parseJson } from "../../foreign.ts";
import { limits } from "../../limits.ts";
import { count, fraction, hash, type Immutable, number, positive, text, whole } from "./fields.ts";

const maskSize = z
  .object({ height: count, width: count })
  .refine(({ height, width }) => height * width <= limits.imagePixels, {
    message: `more than ${limits.imagePixels} px`,
  });
const point = z.object({ x: number, y: number, label: z.union([z.literal(0), z.literal(1)]) });

/** The fields of a kept mask are all those of the contract, in its types. */
const predictionFields = {
  kind: z.literal("prediction"),
  image: whole,
  target: whole,
  category: whole,
  /** The prompts' name (box, 1p, 3p) and the protocol that they belong to. */
  prompts: text,
  protocol: text,
  /** A protocol of one step has step 1; for clicks, the step is the number of points so far. */
  step: z.int().min(1),
  /** The mask token that the protocol kept; 0 is the single-mask token. */
  token: count,
  /** The model's guess, which may exceed 1. */
  predictedIou: number,
  /** IoU with the target's own mask; absent for a detector's box, which has none. */
  iou: fraction.optional(),
  /** Area and crowd flag of the target, as the dataset gives them. */
  areaPx: positive,
  crowd: z.boolean(),
  /** COCO string at image size, so that a new metric needs no inference. */
  mask: z.object({ size: maskSize, counts: text.regex(/^[0-o]*$/, "not a COCO string") }),
  /** The detector's score. */
  score: number.optional(),
  /** The prompt is in the image frame. */
  prompt: z.object({
    points: z.array(point),
    box: z.object({ x0: number, y0: number, x1: number, y1: number }).optional(),
  }),
} satisfies Readonly<Record<keyof PredictionRow, z.ZodType>>;

const prediction = z.object(predictionFields) satisfies z.ZodType<PredictionRow>;

/**
 * A failure says that the image could not be read, prepared or run. It counts as finished: a resumed run tries it again where
 * its worker died or its photo changed.
 */
const failure = z.object({
  kind: z.literal("failure"),
  image: whole,
  message: text,
  /** Present where the worker died or did not answer, which may not happen again when the same command is given. */
  cause: z.literal("worker").optional(),
});

/** Time of everything mode by stage, and the peak of the process in each, absolute; an image's whole time is their sum. */
const everythingStages = z.object({
  ms: z.object({
    prepare: positive,
    encode: positive,
    decode: positive,
    /** Masks and what is judged of them, from logits. */
    upscale: positive,
    /** All else: crops are cut out, masks chosen, filtered and suppressed. */
    filter: positive,
  }),
  /** Absent where peaks can not be reset; `masks` is the time of both last stages, which go on in turns. */
  peakBytes: z.object({ encode: count.optional(), decode: count.optional(), masks: count.optional() }).optional(),
});

/** An image's end stands behind its rows and says how many they are: an image without it was not finished. */
const imageEnd = z.object({
  kind: z.literal("image"),
  image: whole,
  rows: count,
  /** Hash and size of the photo's file. */
  photo: z.object({ sha256: hash, bytes: count }).optional(),
  /** Time from the photo to the masks in everything mode, with the encode of every crop, by prompts name. */
  everythingMs: z.record(text, positive).optional(),
  /** Says where that time and the memory went, by prompts name. */
  everythingStages: z.record(text, everythingStages).optional(),
  /** SHA-256 of the image's text: its rows, a line each, and this line without this field. */
  sha256: hash.optional(),
});

/** A kept mask is one line of rows.jsonl. */
export type PredictionRow = KeptRow & { readonly kind: "prediction" };
type FailureRow = Immutable<z.infer<typeof failure>>;
export type Row = PredictionRow | FailureRow;
export type EverythingStages = Immutable<z.infer<typeof everythingStages>>;
export type ImageEnd = Immutable<z.infer<typeof imageEnd>>;

const rowLine = z.discriminatedUnion("kind", [prediction, failure, imageEnd]);

/** Reads a line of rows.jsonl; `place` is file and line. */
export function parseRowLine(json: string, place: string): Row | ImageEnd {
  return checked(rowLine, parseJson(json, place), place);
}
