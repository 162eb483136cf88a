import { type DecoderArchitecture, type DecoderConfig, samDecoder } from "../sam-decoder/config.ts";
import { presetSizes } from "../sam-decoder/presetSizes.ts";
import { sam2Decoder } from "../sam2-decoder/decoder.ts";

/** Everything in which EfficientTAM's sizes differ. Sources: the YAML files and modeling/backbones/vitdet.py. */
export interface EfficientTamConfig {
  /** Side of the square input, px. */
  readonly side: number;
  readonly patch: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Tokens along a window's side. */
  readonly window: number;
  /** Indices of global blocks: these attend over the whole image instead of windows. */
  readonly globalBlocks: readonly number[];
  readonly decoder: DecoderConfig;
}

/** Rows and columns of the stored position embedding, which was trained on images of 224 px. */
export const trainedGrid = 14;

/** EfficientTAM's decoder is SAM 2's, but that its encoder has one stage, so no finer maps join the upscaling. */
export const efficientTamDecoder: DecoderArchitecture = { ...sam2Decoder, upscaling: samDecoder.upscaling };

/** Names of the neck's layers. Source: ViTDetNeck of modeling/backbones/image_encoder.py. */
export const neckLayers = { narrow: "conv_1x1", firstNorm: "norm_0", mix: "conv_3x3", lastNorm: "norm_1" } as const;

const vit = { patch: 16, depth: 12, window: 14, globalBlocks: [2, 5, 8, 11] } as const;
const tiny = { ...vit, width: 192, heads: 3 } as const;
const small = { ...vit, width: 384, heads: 6 } as const;
const decoder: DecoderConfig = { embedding: 256, heads: 8, mlp: 2048, iouHead: 256, side: 1024, grid: 64 };
const at1024 = { side: 1024, decoder };
const at512 = { side: 512, decoder: { ...decoder, side: 512, grid: 32 } };

export const efficientTamConfigs = {
  "efficienttam-ti": { ...tiny, ...at1024 },
  "efficienttam-s": { ...small, ...at1024 },
  "efficienttam-ti-512": { ...tiny, ...at512 },
  "efficienttam-s-512": { ...small, ...at512 },
  "efficienttam-nano": {
    side: 256,
    patch: 16,
    width: 64,
    depth: 6,
    heads: 2,
    window: 6,
    globalBlocks: [2, 5],
    decoder: { embedding: 64, heads: 4, mlp: 256, iouHead: 64, side: 256, grid: 16 },
  },
} as const satisfies Record<string, EfficientTamConfig>;

export type EfficientTamId = keyof typeof efficientTamConfigs;

/** Returns a preset's sizes, at another input side if one is given. Throws HarnessError for a side that is no multiple of 16 px. */
export function configOf(id: string, side?: number): EfficientTamConfig {
  return presetSizes<EfficientTamConfig>(efficientTamConfigs, { id, side, multipleOf: 16 });
}
