/**
 * This room reads and writes annotation files of COCO and LVIS, reads results files, and computes average precision as both
 * tools do.
 */

export { tideOf } from "./errors/tide.ts";
export type { Fault } from "./json/fields.ts";
export { walkJson } from "./json/json.ts";
export { evaluate, type Matches } from "./match/evaluate.ts";
export { evaluateFiles } from "./match/evaluateFiles.ts";
export { joinSides } from "./match/exchange/joinSides.ts";
export type { OverlapType } from "./match/rules.ts";
export { cocoRules, type EvaluationRules, lvisRules, proposalRulesFor } from "./match/rules.ts";
export { onceEach, summarizer } from "./match/summarize.ts";
export { AnnotationIndexes } from "./read/annotationIndexes.ts";
export { annotationKeys, readAnnotationElements } from "./read/annotationReader.ts";
export type { ScoredFile } from "./read/annotations.ts";
export { readAnnotations } from "./read/annotations.ts";
export { heldBy } from "./read/detections/detectionParts.ts";
export { readDetections, readDetectionTable } from "./read/detections/detections.ts";
export { DetectionTable } from "./read/detections/detectionTable.ts";
export type { AnnotatedCategory } from "./read/elements.ts";
export type { Entry } from "./read/entries.ts";
export type { FileImage } from "./read/fileImage.ts";
export { checkDetections, countForeignMasks, type GroundTruth, truthOf } from "./read/groundTruth.ts";
export { decodeSegmentation } from "./read/segmentation.ts";
