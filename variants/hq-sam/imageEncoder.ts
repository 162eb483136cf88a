import type { Checkpoint, GraphKind, OnnxGraph } from "../../harness/api.ts";
import * as tinyVit from "../mobilesam/imageEncoder.ts";
import { referenceImageEncoder as referenceTinyVit } from "../mobilesam/reference.ts";
import * as sam from "../sam/imageEncoder.ts";
import { referenceImageEncoder as referenceSam } from "../sam/reference.ts";
import { earlyTokens, type HqSamConfig, tinyVitLayer } from "./config.ts";

/**
 * Builds the encoder of SAM or of MobileSAM with one output more: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid,
 * grid] and `interm_embedding_0` [1, grid, grid, width], the tokens after the first global block or after TinyViT's layer 1.
 * Source: image_encoder.py and tiny_vit_sam.py of sam-hq's segment_anything/modeling.
 */
export function imageEncoder({ encoder }: HqSamConfig, checkpoint: Checkpoint, kind: GraphKind): OnnxGraph {
  if (encoder.kind === "TinyViT") {
    const build = kind === "fused" ? tinyVit.imageEncoder : referenceTinyVit;
    return build(encoder.sizes, checkpoint, { ofLayer: tinyVitLayer, output: earlyTokens });
  }
  const build = kind === "fused" ? sam.imageEncoder : referenceSam;
  return build(encoder.sizes, checkpoint, { afterBlock: encoder.sizes.globalBlocks[0]!, output: earlyTokens });
}
