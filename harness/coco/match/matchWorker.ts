import { parentPort, workerData } from "node:worker_threads";
import { HarnessError } from "../../errors.ts";
import { type AnnotationParts, scoredFile } from "../read/annotationFile.ts";
import { readAnnotationParts } from "../read/annotations.ts";
import { DetectionTable, type SharedDetections } from "../read/detections/detectionTable.ts";
import { truthOf } from "../read/groundTruth.ts";
import type { EvaluationPlan } from "./evaluationPlan.ts";
import { type ImageRange, matchImages, type Positives } from "./matchImages.ts";
import type { EvaluationRules, OverlapType } from "./rules.ts";

/** Request to the worker once it has read the annotations. */
export interface MatchOrder {
  readonly detections: SharedDetections;
  readonly type: OverlapType;
  readonly rules: EvaluationRules;
  readonly plan: EvaluationPlan;
  readonly range: ImageRange;
}

/** Answers of the worker: two in turn, or what went wrong. */
export type MatchReply =
  | { readonly state: "read"; readonly parts: AnnotationParts }
  | { readonly state: "matched"; readonly positives: readonly Positives[] }
  | { readonly state: "failed"; readonly message: string; readonly hint?: string; readonly stack?: string };

/** Reads the annotation file named in the worker's data, hands it over, and matches the images that it is asked to match. */
export function serve(): void {
  const port = parentPort!;
  const reply = (message: MatchReply) => port.postMessage(message);
  const fail = (error: unknown) => reply(failure(error));
  readAnnotationParts(workerData as string).then((parts) => {
    reply({ state: "read", parts });
    port.once("message", ({ detections, plan, range, ...order }: MatchOrder) => {
      try {
        const truth = truthOf(scoredFile(parts, order.type));
        const input = { ...order, truth, detections: DetectionTable.of(detections) };
        reply({ state: "matched", positives: matchImages(input, plan, range) });
      } catch (error) {
        fail(error);
      }
    });
  }, fail);
}

function failure(error: unknown): MatchReply {
  if (error instanceof HarnessError) {
    return { state: "failed", message: error.message, hint: error.hint };
  }
  const { message, stack } = error as Error;
  return { state: "failed", message, stack: stack ?? message };
}
