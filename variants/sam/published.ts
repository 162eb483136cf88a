import type { Checkpoint, OnnxGraph, StageMacs } from "../../harness/api.ts";
import { boxMacs } from "../../harness/onnx/boxMacs.ts";
import { referenceMaskDecoder } from "../sam-decoder/reference/reference.ts";
import type { SamConfig } from "./config.ts";
import { referenceImageEncoder } from "./reference.ts";

/** Counts multiply-accumulates of SAM's published graph. A method that only changes number formats has as many. */
export function publishedMacs(config: SamConfig, checkpoint: Checkpoint): StageMacs {
  const encode = boxMacs(referenceImageEncoder(config, checkpoint));
  return { encode, decode: publishedDecoderMacs(config, checkpoint) };
}

interface MethodGraph {
  /** Graph of the method itself. */
  readonly encoder: OnnxGraph;
  readonly config: SamConfig;
  readonly checkpoint: Checkpoint;
  /** Number of windowed blocks that work on all windows: published ones fill these up with padding before they project. */
  readonly whole: number;
  /** Number of windowed blocks that work on some of the windows, padding included. */
  readonly kept: number;
}

/**
 * Counts multiply-accumulates of a method that leaves parts of SAM out: its encoder in the operators of SAM's published
 * encoder, and SAM's published decoder. Where nothing is left out this is `publishedMacs`, to the last product.
 */
export function methodMacs({ encoder, config, checkpoint, whole, kept }: MethodGraph): StageMacs {
  // The fused windowed blocks project one padding token to its key and its value, which stand for all of them.
  const onePadding = (whole + kept) * 2 * config.width ** 2;
  const encode = boxMacs(encoder) - wideningMacs(encoder) + whole * paddingMacs(config) - onePadding;
  return { encode, decode: publishedDecoderMacs(config, checkpoint) };
}

function publishedDecoderMacs({ decoder }: SamConfig, checkpoint: Checkpoint): number {
  return boxMacs(referenceMaskDecoder(decoder, checkpoint, "points and boxes"));
}

/**
 * Counts what the fused graph's scores take more than published ones, whose queries and keys carry no terms of relative
 * positions.
 */
function wideningMacs({ nodes, values }: OnnxGraph): number {
  const widthOf = (name: string) => {
    const { dims } = values.get(name)!;
    return (dims.length === 4 ? (dims[1] as number) * (dims[3] as number) : dims[2]) as number;
  };
  return nodes
    .filter(({ operator }) => operator === "MultiHeadAttention")
    .reduce((sum, { inputs: [query, key, value] }) => {
      const [batch, queries] = values.get(query!)!.dims as number[];
      const { dims: keyDims } = values.get(key!)!;
      const keys = keyDims[keyDims.length - 2] as number;
      return sum + batch! * queries! * keys * (widthOf(query!) - widthOf(value!));
    }, 0);
}

/**
 * Counts one windowed block's queries, keys, values and outputs of the tokens that fill up windows: the fused graph has no such
 * tokens.
 */
function paddingMacs({ side, patch, window, width }: SamConfig): number {
  const grid = side / patch;
  const padded = (Math.ceil(grid / window) * window) ** 2;
  return 4 * (padded - grid ** 2) * width ** 2;
}
