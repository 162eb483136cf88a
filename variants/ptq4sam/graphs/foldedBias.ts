import type { Checkpoint } from "../../../harness/api.ts";
import type { SamConfig } from "../../sam/config.ts";
import { downsample } from "../../sam-decoder/config.ts";
import { passedBias } from "../../sam-decoder/passedBias.ts";
import { withWeights } from "./changedWeights.ts";
import { tokenToImagePaths } from "./decoderStages.ts";

/** Names of a value bias and of the projection that it can be moved through. */
interface Fold {
  readonly bias: string;
  /** Dims of the joint bias; `start` is where the values' part begins. */
  readonly dims: readonly number[];
  readonly start: number;
  readonly matrix: string;
  readonly matrixDims: readonly [number, number];
  readonly output: string;
}

/**
 * Returns the checkpoint with values' biases moved through attention into the output projections' biases: probabilities sum to
 * one, so the masks are the same. The fused graph is built so, and integer scales are of what it gives to its projections.
 */
export function withFoldedValueBias(checkpoint: Checkpoint, config: SamConfig): Checkpoint {
  const folds = foldsOf(config);
  const byBias = new Map(folds.map((fold) => [fold.bias, fold]));
  const byOutput = new Map(folds.map((fold) => [fold.output, fold]));
  return withWeights(checkpoint, (weight) => {
    const emptied = byBias.get(weight.name);
    const filled = byOutput.get(weight.name);
    if (emptied !== undefined) return { ...weight, read: () => weight.read().fill(0, emptied.start) };
    return filled === undefined ? weight : { ...weight, read: () => withFold(weight.read(), filled, checkpoint) };
  });
}

function withFold(output: Float32Array, fold: Fold, checkpoint: Checkpoint): Float32Array {
  const bias = checkpoint.take(fold.bias, fold.dims).read().subarray(fold.start);
  const matrix = checkpoint.take(fold.matrix, fold.matrixDims).read();
  return passedBias({ bias, matrix, own: output });
}

function foldsOf({ depth, width, decoder }: SamConfig): Fold[] {
  const inner = decoder.embedding / downsample;
  const blocks = Array.from({ length: depth }, (_, i): Fold => {
    const path = `image_encoder.blocks.${i}.attn`;
    return {
      bias: `${path}.qkv.bias`,
      dims: [3 * width],
      start: 2 * width,
      matrix: `${path}.proj.weight`,
      matrixDims: [width, width],
      output: `${path}.proj.bias`,
    };
  });
  const looks = tokenToImagePaths.map(
    (path): Fold => ({
      bias: `${path}.v_proj.bias`,
      dims: [inner],
      start: 0,
      matrix: `${path}.out_proj.weight`,
      matrixDims: [decoder.embedding, inner],
      output: `${path}.out_proj.bias`,
    }),
  );
  return [...blocks, ...looks];
}
