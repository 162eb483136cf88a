/** One float32 tensor that is read when it is needed, not before. */
export interface Weight {
  readonly name: string;
  readonly dims: readonly number[];
  /** Returns a fresh array, row-major. */
  read(): Float32Array;
}

export type WeightSource = "checkpoint" | "nano" | "seeded" | "onnx" | "external" | "none";

/** The weights a graph is built from: a checkpoint file, or values that follow from name and shape. */
export interface Checkpoint {
  /** Name of the weights in messages: the file's path, or "seeded weights". */
  readonly label: string;
  readonly source: WeightSource;
  /** Returns the tensor's shape, or nothing where there is no such tensor. Seeded weights have every tensor and no shapes. */
  dims(name: string): readonly number[] | undefined;
  /** Marks the tensor as used. Throws HarnessError if it is missing or has another shape. */
  take(name: string, dims: readonly number[]): Weight;
  /** Names weights that inference does not use, with the reason. */
  discard(pattern: RegExp, reason: string): void;
  /** Throws HarnessError naming the tensors that were neither taken nor discarded. */
  assertAllTaken(): void;
  close(): void;
}
