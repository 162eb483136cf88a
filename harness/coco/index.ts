/** COCO and LVIS JSON: annotation files read and written, results files read; and average precision as both tools compute it. */
export { AnnotationShelf } from "./annotationShelf.ts";
export type { AnnotationFile, ScoredFile } from "./annotations.ts";
export { readAnnotations } from "./annotations.ts";
export { heldBy, requireUsable } from "./detectionParts.ts";
export { addDetection, readDetections, readDetectionTable } from "./detections.ts";
export { type Detection, DetectionTable } from "./detectionTable.ts";
export type { AnnotatedCategory, AnnotatedImage, FileImage } from "./elements.ts";
export { evaluate, type Matches } from "./evaluate.ts";
export { type EvaluatedFiles, evaluateFiles } from "./evaluateFiles.ts";
export { checkDetections, countForeignMasks, type GroundTruth, truthOf } from "./groundTruth.ts";
export type { OverlapType } from "./overlaps.ts";
export { cocoRules, type EvaluationRules, lvisRules, proposalRulesFor } from "./rules.ts";
export { type CategoryFigure, onceEach, summarizer } from "./summarize.ts";
export { writeInstances } from "./write.ts";
