import type { ByStage, RepVitConfig } from "../repvit/config.ts";
import type { DecoderConfig } from "../sam-decoder/config.ts";
import { presetSizes } from "../sam-decoder/presetSizes.ts";

/** The sizes of EdgeTAM. Sources: sam2/configs/edgetam.yaml of facebookresearch/EdgeTAM; repvit_m1 of timm/models/repvit.py. */
export interface EdgeTamConfig extends Pick<RepVitConfig, "side" | "widths"> {
  /** Number of blocks that keep a stage's size, without the one that belongs to the step between two stages. */
  readonly depths: ByStage;
  readonly decoder: DecoderConfig;
}

export const edgeTamConfigs = {
  edgetam: {
    side: 1024,
    widths: [48, 96, 192, 384],
    depths: [2, 2, 14, 2],
    decoder: { embedding: 256, heads: 8, mlp: 2048, iouHead: 256, side: 1024, grid: 64 },
  },
  "edgetam-nano": {
    side: 256,
    widths: [24, 48, 96, 192],
    depths: [2, 2, 4, 2],
    decoder: { embedding: 64, heads: 4, mlp: 256, iouHead: 64, side: 256, grid: 16 },
  },
} as const satisfies Record<string, EdgeTamConfig>;

/** Returns a preset's sizes, at another input side if one is given. Throws HarnessError for a side that is no multiple of 32 px. */
export function configOf(id: string, side?: number): EdgeTamConfig {
  return presetSizes<EdgeTamConfig>(edgeTamConfigs, { id, side, multipleOf: 32 });
}
