/** This room reads and writes pictures, resizes them as the published predictors do, and makes them a model's input. */
export { encodeJpeg, encodePng, readImage, readImageSize, readLabelPng, writeMaskPng } from "./codec.ts";
export { cropImage } from "./crop.ts";
export { keptPicture } from "./keptPicture.ts";
export type { LabelImage } from "./labelPng.ts";
export { geometryOf, prepare, toModelFrame } from "./prepare.ts";
export { resizeBilinear, resizePillow } from "./resample.ts";
export { resizeAntialiased } from "./resizeAntialiased.ts";
export { resizeOpenCv } from "./resizeOpenCv.ts";
export { halfToEven } from "./rounding.ts";
