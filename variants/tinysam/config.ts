import { type MobileSamConfig, mobileSamConfigs, tinyVitStride } from "../mobilesam/config.ts";
import { presetSizes } from "../sam-decoder/presetSizes.ts";

/** The sizes of TinySAM. Its full size is MobileSAM's. Source: tinysam/build_sam.py and tinysam/modeling/tiny_vit_sam.py. */
export const tinySamConfigs = {
  tinysam: mobileSamConfigs.mobilesam,
  // Other sizes than mobilesam-nano's, so that a file of either fits one of them.
  "tinysam-nano": {
    side: 256,
    widths: [16, 32, 64, 128],
    depths: [1, 1, 2, 1],
    heads: [1, 1, 2, 4],
    windows: [7, 7, 14, 7],
    classes: 0,
    decoder: { embedding: 64, heads: 4, mlp: 256, iouHead: 64, side: 256, grid: 16 },
  },
} as const satisfies Record<string, MobileSamConfig>;

/** Returns a preset's sizes, at another input side if one is given. Throws HarnessError for a side that it can not take. */
export function configOf(id: string, side?: number): MobileSamConfig {
  return presetSizes<MobileSamConfig>(tinySamConfigs, { id, side, multipleOf: tinyVitStride });
}
