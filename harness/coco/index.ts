/** COCO and LVIS JSON: annotation files read and written, results files read; and average precision as both tools compute it. */

export { evaluate, type Matches } from "./match/evaluate.ts";
export { type EvaluatedFiles, evaluateFiles } from "./match/evaluateFiles.ts";
export type { OverlapType } from "./match/rules.ts";
export { cocoRules, type EvaluationRules, lvisRules, proposalRulesFor } from "./match/rules.ts";
export { type CategoryFigure, onceEach, summarizer } from "./match/summarize.ts";
export { AnnotationShelf } from "./read/annotationShelf.ts";
export type { AnnotationFile, ScoredFile } from "./read/annotations.ts";
export { readAnnotations } from "./read/annotations.ts";
export { heldBy, requireUsable } from "./read/detections/detectionParts.ts";
export { addDetection, readDetections, readDetectionTable } from "./read/detections/detections.ts";
export { type Detection, DetectionTable } from "./read/detections/detectionTable.ts";
export type { AnnotatedCategory, AnnotatedImage } from "./read/elements.ts";
export type { FileImage } from "./read/fileImage.ts";
export { checkDetections, countForeignMasks, type GroundTruth, truthOf } from "./read/groundTruth.ts";
export { writeInstances } from "./write/write.ts";
