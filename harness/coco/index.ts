/** COCO and LVIS JSON: annotation files read and written, results files read. */
export type { AnnotationFile } from "./annotations.ts";
export { readAnnotations } from "./annotations.ts";
export type { Detection } from "./detections.ts";
export { readDetections } from "./detections.ts";
export type { AnnotatedCategory, AnnotatedImage } from "./elements.ts";
export { writeInstances } from "./write.ts";
