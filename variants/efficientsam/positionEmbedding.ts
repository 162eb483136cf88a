import type { GraphValue } from "../../harness/api.ts";
import type { Module } from "../../harness/onnx/index.ts";
import { stretchedPositions } from "../bicubic/stretched.ts";
import type { EfficientSamConfig } from "./config.ts";

/** Side of the images that the encoder was pre-trained on, px: what the stored position embedding is made for. */
const pretrainedSide = 224;

/** Returns the position embedding at the encoder's grid, [1, grid², width]. */
export function positionEmbedding(encoder: Module, { side, patch, width }: EfficientSamConfig): GraphValue {
  return stretchedPositions(encoder, { trained: Math.floor(pretrainedSide / patch), grid: side / patch, width });
}
