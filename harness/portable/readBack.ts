import type { PredictionRow } from "../api.ts";
import type { WorkerSetup } from "../build/setup.ts";
import { HarnessError } from "../errors.ts";
import { rowsOfImages } from "../run/imageRows.ts";

/** Tells whether graphs that were read back give the masks that were measured. */
export interface MaskEquality {
  readonly masks: number;
  readonly equal: number;
  readonly images: number;
  readonly prompts: readonly string[];
  /** The first mask that is another; absent where all are equal. */
  readonly first?: MaskDifference | undefined;
}

interface MaskDifference {
  readonly image: number;
  readonly target: number;
  readonly prompts: string;
  /** Says what differs: the mask, or the token or the predicted IoU behind an equal one. */
  readonly what: string;
}

interface ReadBackRequest {
  readonly measured: WorkerSetup;
  readonly written: WorkerSetup;
  /** Number of the measured decoder's token that the written one counts as its first. */
  readonly firstToken: number;
  readonly images: readonly number[];
  readonly signal: AbortSignal;
  /** Receives how many images of both sides are done. */
  progress(done: number, total: number, what: string): void;
}

/**
 * Prompts both on the same images and compares row by row, bit for bit. Throws HarnessError where an image gives no masks, and
 * Stopped after Ctrl-C.
 */
export async function readBack({
  measured,
  written,
  firstToken,
  images,
  signal,
  progress,
}: ReadBackRequest): Promise<MaskEquality> {
  const sides = { "as measured": measured, "as read back": written };
  const found: (readonly PredictionRow[])[] = [];
  for (const [what, setup] of Object.entries(sides)) {
    const before = found.length * images.length;
    const { rows, failures } = await rowsOfImages({
      setup,
      images,
      signal,
      stopped: "the files are written; run it again to compare their masks",
      progress: (done) => progress(before + done, 2 * images.length, `masks ${what}`),
    });
    const [failed] = failures;
    if (failed !== undefined)
      throw new HarnessError(`${measured.variant} ${what}: image ${failed[0]} gives no masks`, { found: failed[1] });
    found.push(rows);
  }
  const [a, own] = found as [readonly PredictionRow[], readonly PredictionRow[]];
  const b = own.map((row) => ({ ...row, token: row.token + firstToken }));
  const prompts = measured.prompts.map((each) => each.prompts);
  return { ...comparedRows(a, b), images: images.length, prompts };
}

/** Compares rows one by one, in their order, which is that of images, passes and targets. */
export function comparedRows(
  a: readonly PredictionRow[],
  b: readonly PredictionRow[],
): Pick<MaskEquality, "masks" | "equal" | "first"> {
  const masks = Math.max(a.length, b.length);
  const differences = Array.from({ length: masks }, (_, i) => differenceOf(a[i], b[i])).filter(
    (each) => each !== undefined,
  );
  return { masks, equal: masks - differences.length, first: differences[0] };
}

function differenceOf(a: PredictionRow | undefined, b: PredictionRow | undefined): MaskDifference | undefined {
  const row = a ?? b!;
  const what = a === undefined || b === undefined ? "only one of both has it" : contentDifference(a, b);
  return what === undefined ? undefined : { image: row.image, target: row.target, prompts: row.prompts, what };
}

function contentDifference(a: PredictionRow, b: PredictionRow): string | undefined {
  const pairs = [
    ["target", `${a.image} ${a.target} ${a.prompts} ${a.step}`, `${b.image} ${b.target} ${b.prompts} ${b.step}`],
    ["token", a.token, b.token],
    ["predicted IoU", a.predictedIou, b.predictedIou],
    ["mask", a.mask.counts, b.mask.counts],
  ] as const;
  const differing = pairs.find(([, own, other]) => !Object.is(own, other));
  if (differing === undefined) return undefined;
  const [what, own, other] = differing;
  return what === "mask" ? "the mask has other pixels" : `the ${what} is ${other}, and was ${own}`;
}
