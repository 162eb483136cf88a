import type { RepVitConfig } from "../repvit/config.ts";
import type { DecoderConfig } from "../sam-decoder/config.ts";
import { presetSizes } from "../sam-decoder/presetSizes.ts";

/** The sizes of RepViT-SAM. Sources: sam/repvit_sam/build_sam.py and sam/repvit_sam/modeling/repvit.py of THU-MIG/RepViT. */
export interface RepVitSamConfig extends RepVitConfig {
  readonly decoder: DecoderConfig;
}

export const repVitSamConfigs = {
  "repvit-sam": {
    side: 1024,
    widths: [80, 160, 320, 640],
    depths: [7, 7, 35, 2],
    lastStride: 1,
    branches: "norm on the sum",
    decoder: { embedding: 256, heads: 8, mlp: 2048, iouHead: 256, side: 1024, grid: 64 },
  },
  "repvit-sam-nano": {
    side: 512,
    widths: [24, 48, 96, 192],
    depths: [3, 3, 5, 2],
    lastStride: 1,
    branches: "norm on the sum",
    decoder: { embedding: 64, heads: 4, mlp: 256, iouHead: 64, side: 512, grid: 32 },
  },
} as const satisfies Record<string, RepVitSamConfig>;

/** Returns a preset's sizes, at another input side if one is given. Throws HarnessError for a side that is no multiple of 16 px. */
export function configOf(id: string, side?: number): RepVitSamConfig {
  return presetSizes<RepVitSamConfig>(repVitSamConfigs, { id, side, multipleOf: 16 });
}
