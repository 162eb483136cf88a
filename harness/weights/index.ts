/** This room reads weights: checkpoint files and seeded values (`sam-bench/weights`). */

export {
  type ArchiveFormat,
  type ArchiveOptions,
  openTensorArchive,
  readTensorArchive,
  type StoredTensor,
  type TensorArchive,
} from "./archive.ts";
export { isBuffer } from "./buffers.ts";
export { checkpointOf, openCheckpoint } from "./checkpoint.ts";
export type { TensorDtype } from "./elements.ts";
export { completedCheckpoint, scaledWeight, scaleText, seededCheckpoint, seededName, seededTensor } from "./seeded.ts";
export { shapesTaken, type TensorShapes, writeSeededFile } from "./seededFile.ts";
export { type ByteSource, fileSource, memorySource } from "./source.ts";
