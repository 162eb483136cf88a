import type { RepVitConfig } from "../repvit/config.ts";
import type { DecoderConfig } from "../sam-decoder/config.ts";
import { presetSizes } from "../sam-decoder/presetSizes.ts";

/** The sizes of EdgeSAM. Sources: edge_sam/build_sam.py and edge_sam/modeling/rep_vit.py of chongzhou96/EdgeSAM. */
export interface EdgeSamConfig extends RepVitConfig {
  readonly decoder: DecoderConfig;
}

const edgesam = {
  side: 1024,
  widths: [48, 96, 192, 384],
  depths: [3, 3, 15, 2],
  lastStride: 2,
  branches: "norm in each branch",
  decoder: { embedding: 256, heads: 8, mlp: 2048, iouHead: 256, side: 1024, grid: 64 },
} as const satisfies EdgeSamConfig;

/** The two published checkpoints have one architecture: they differ in the amount of training data. */
export const edgeSamConfigs = {
  edgesam,
  "edgesam-3x": edgesam,
  "edgesam-nano": {
    side: 512,
    widths: [24, 48, 96, 192],
    depths: [3, 3, 5, 2],
    lastStride: 2,
    branches: "norm in each branch",
    decoder: { embedding: 64, heads: 4, mlp: 256, iouHead: 64, side: 512, grid: 32 },
  },
} as const satisfies Record<string, EdgeSamConfig>;

/** Returns a preset's sizes, at another input side if one is given. Throws HarnessError for a side that is no multiple of 32 px. */
export function configOf(id: string, side?: number): EdgeSamConfig {
  return presetSizes<EdgeSamConfig>(edgeSamConfigs, { id, side, multipleOf: 32 });
}
