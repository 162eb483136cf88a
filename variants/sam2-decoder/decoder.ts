import type { BuildContext } from "../../harness/api.ts";
import { buildDecoder } from "../sam-decoder/build.ts";
import {
  type DecoderArchitecture,
  type DecoderConfig,
  samDecoder,
  tokensWithObjectScore,
} from "../sam-decoder/config.ts";
import { renamedParts } from "../sam-decoder/renamed.ts";

/**
 * SAM 2's decoder: SAM's, with an object score token before all others, high-resolution maps in the upscaling and a predicted
 * IoU between 0 and 1. Source: sam2/modeling/sam/mask_decoder.py and transformer.py.
 */
export const sam2Decoder: DecoderArchitecture = {
  ...samDecoder,
  mlp: { layers: ["mlp.layers.0", "mlp.layers.1"], activation: "Relu" },
  upscaling: { ...samDecoder.upscaling, adds: "high-resolution maps" },
  predictedIou: "sigmoid",
  learned: tokensWithObjectScore,
};

/** Names of the decoder's parts in SAM 2's checkpoints, and in those of its descendants, by SAM's names. */
const parts = { prompt_encoder: "sam_prompt_encoder", mask_decoder: "sam_mask_decoder" } as const;

/** Writes the decoder's graphs, as `buildDecoder` does for SAM's. */
export function buildSam2Decoder(
  context: BuildContext,
  config: DecoderConfig,
  architecture: DecoderArchitecture,
): Promise<void> {
  return buildDecoder({ ...context, checkpoint: renamedParts(context.checkpoint, parts) }, config, architecture);
}
