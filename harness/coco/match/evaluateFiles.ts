import { once } from "node:events";
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { HarnessError } from "../../errors.ts";
import { type AnnotationParts, type ScoredFile, scoredFile } from "../read/annotationFile.ts";
import { readAnnotationParts } from "../read/annotations.ts";
import { heldBy, requireParts } from "../read/detections/detectionParts.ts";
import { readDetectionTable } from "../read/detections/detections.ts";
import type { DetectionTable } from "../read/detections/detectionTable.ts";
import { checkDetections, truthOf } from "../read/groundTruth.ts";
import { evaluate, type Matches, matchesOf, requireLists } from "./evaluate.ts";
import { type EvaluationPlan, planEvaluation } from "./evaluationPlan.ts";
import { matchImages, type Positives } from "./matchImages.ts";
import type { MatchOrder, MatchReply } from "./matchWorker.ts";
import type { EvaluationRules, OverlapType } from "./rules.ts";

const defaults = {
  /** Least size of both files together, bytes: below it a second thread would start no sooner than one is done. */
  worthTwoThreads: 48e6,
};

export interface FilePair {
  readonly annotations: string;
  readonly detections: string;
  /** Type of overlap. Without it the results file decides: masks where it holds some, else boxes. */
  readonly type?: OverlapType | undefined;
  readonly rules: (annotations: ScoredFile) => EvaluationRules;
  /** Number of threads. Without it the size of the files and the cores of the machine decide. */
  readonly threads?: 1 | 2;
}

export interface EvaluatedFiles {
  readonly annotations: ScoredFile;
  readonly detections: DetectionTable;
  readonly type: OverlapType;
  readonly matches: Matches;
}

/**
 * Reads both files and matches them. For large files two threads work: one reads the annotations while the other reads the
 * detections, and each matches half. The result is the same. Throws HarnessError as both readers, and where the files do not
 * belong together.
 */
export async function evaluateFiles(pair: FilePair): Promise<EvaluatedFiles> {
  const threads =
    pair.threads ?? ((await bytesOf(pair)) >= defaults.worthTwoThreads && availableParallelism() > 1 ? 2 : 1);
  if (threads === 2) return byTwoThreads(pair);
  // Together: while one waits for the disk, the other is parsed.
  const [parts, read] = await Promise.all([readAnnotationParts(pair.annotations), readDetectionTable(pair.detections)]);
  const { annotations, detections, type, rules } = together(pair, parts, read);
  const matches = evaluate({ truth: truthOf(annotations), detections, type, rules });
  return { annotations, detections, type, matches };
}

/**
 * Fits the detections to the annotations. Throws HarnessError where the files do not belong together, or lack what is scored.
 */
function together(pair: FilePair, parts: AnnotationParts, detections: DetectionTable) {
  detections.renumber("image", parts.originals.images);
  detections.renumber("category", parts.originals.categories);
  const sizes = new Map(parts.images.map(({ id, size }) => [id, size]));
  detections.drawPolygons((image) => sizes.get(image));
  const type = pair.type ?? (heldBy(detections) === "boxes" ? "bbox" : "segm");
  const annotations = scoredFile(parts, type);
  const rules = pair.rules(annotations);
  checkDetections(detections, annotations, pair.detections);
  requireParts(detections, { type, file: pair.detections, sizeOf: (image) => sizes.get(image) });
  return { annotations, detections, type, rules };
}

async function bytesOf({ annotations, detections }: FilePair): Promise<number> {
  // A file that is not there is for its reader to name.
  const sizes = await Promise.all([annotations, detections].map((file) => stat(file).catch(() => ({ size: 0 }))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

async function byTwoThreads(pair: FilePair): Promise<EvaluatedFiles> {
  const worker = new Worker(new URL("matchWorker.mjs", import.meta.url), {
    workerData: pair.annotations,
    execArgv: [],
  });
  try {
    const [{ parts }, read] = await Promise.all([answer(worker, "read"), readDetectionTable(pair.detections)]);
    const { annotations, detections, type, rules } = together(pair, parts, read);
    const truth = truthOf(annotations);
    requireLists({ truth, rules });
    const plan = planEvaluation(truth, detections, rules);
    const middle = middleOf(plan);
    const order: MatchOrder = {
      detections: detections.shared(),
      type,
      rules,
      plan,
      range: { from: middle, to: truth.images.length },
    };
    const other = answer(worker, "matched");
    // An answer that is an error may come before it is awaited.
    other.catch(() => undefined);
    worker.postMessage(order);
    const input = { truth, detections, type, rules };
    const positives = matchImages(input, plan, { from: 0, to: middle });
    const matches = matchesOf(input, plan, joined(positives, (await other).positives));
    return { annotations, detections, type, matches };
  } finally {
    await worker.terminate();
  }
}

async function answer<S extends "read" | "matched">(
  worker: Worker,
  state: S,
): Promise<Extract<MatchReply, { readonly state: S }>> {
  const [reply] = (await once(worker, "message")) as [MatchReply];
  if (reply.state === state) return reply as Extract<MatchReply, { readonly state: S }>;
  if (reply.state !== "failed") throw new Error(`the second thread answered ${reply.state} in place of ${state}`);
  if (reply.stack !== undefined) throw new Error(reply.stack);
  throw new HarnessError(reply.message, reply.hint === undefined ? {} : { hint: reply.hint });
}

/** Returns the image before which half of the detections are. */
function middleOf({ starts, order }: EvaluationPlan): number {
  const images = starts.length - 1;
  const middle = starts.findIndex((start) => start >= order.length / 2);
  return middle < 0 ? images : Math.min(middle, images);
}

/** Joins the counts of two ranges; the images of the first come before those of the second. */
function joined(first: readonly Positives[], second: readonly Positives[]): readonly Positives[] {
  return first.map(({ images, counts }, i) => {
    return { images: [...images, ...second[i]!.images], counts: [...counts, ...second[i]!.counts] };
  });
}
