import type { OnnxGraph } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { isLarge, storedIn } from "../../harness/onnx/index.ts";
import {
  type BlockFormat,
  linearsOf,
  type StoredTensor,
  savesBytes,
  tensorsInBlocks,
  weightOnly,
} from "../../harness/quantize/index.ts";
import { byConvolutions } from "../sam-fast/layers.ts";
import type { Setting } from "./setting.ts";

const defaults = {
  /** Bits of what is no layer's weight, such as tables of positions, and of all that is not the encoder's. */
  bitsOfOthers: 8,
} as const;

/**
 * Returns a graph with its weights in blocks: those of linear layers, and kernels where convolutions do most of the graph's work.
 * Other large tensors, kernels beside linear layers among them, have 8 bits: of SAM's encoder, whose tables of positions are
 * gathered beforehand, they are a tenth. So have the weights of decoders, which are small and prompt after prompt looked at: with
 * 4 bits there, sam-nano's masks of boxes lose 4.2 points of mIoU on the photos, and none with 8.
 */
export function inBlocks(graph: OnnxGraph, setting: Setting): OnnxGraph {
  const others: BlockFormat = { bits: defaults.bitsOfOthers, block: setting.block };
  const own: Setting = graph.name === "encoder" ? setting : { ...setting, ...others };
  const ofConvolutions = byConvolutions(graph);
  const formatOf = ({ constant, kind }: StoredTensor): BlockFormat | undefined => {
    if (kind === "kernels" && ofConvolutions) return own;
    // Scales of the blocks are as exact as they can be.
    return isLarge(constant) && !constant.name.endsWith(".scales") ? others : undefined;
  };
  const blocks = tensorsInBlocks(
    weightOnly(graph, () => own),
    formatOf,
  );
  return setting.rest === "float16" ? storedIn(blocks, "float16") : blocks;
}

/** Throws HarnessError for an encoder without a layer that blocks make smaller. */
export function requireGain(id: string, encoder: OnnxGraph, setting: Setting): void {
  // A channel of kernels that is shorter than a block is one by itself, so kernels always gain.
  if (byConvolutions(encoder) || linearsOf(encoder).some((linear) => savesBytes(linear, setting))) return;
  throw new HarnessError(`${id}: its encoder has no layer that blocks of ${setting.block} would make smaller`, {
    expected: "a linear layer, or convolutions that do most of its work",
  });
}
