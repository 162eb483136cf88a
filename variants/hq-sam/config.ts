import { type MobileSamConfig, mobileSamConfigs, stagesOf, tinyVitStride } from "../mobilesam/config.ts";
import { type SamConfig, samConfigs } from "../sam/config.ts";
import { type DecoderArchitecture, type DecoderConfig, samDecoder, samTokens } from "../sam-decoder/config.ts";
import { sizesAt } from "../sam-decoder/presetSizes.ts";

/** The image encoder is that of a published model, and gives tokens of an early layer besides. */
type HqSamEncoder =
  | { readonly kind: "SAM's ViT"; readonly sizes: SamConfig }
  | { readonly kind: "TinyViT"; readonly sizes: MobileSamConfig };

/** Everything in which the sizes of HQ-SAM differ. Source: segment_anything/build_sam.py and build_sam_hq.py of sam-hq. */
export interface HqSamConfig {
  readonly encoder: HqSamEncoder;
  readonly decoder: DecoderConfig;
  /** Width of the early tokens. */
  readonly earlyWidth: number;
  /** Number of layers whose tokens the authors' encoder returns: each global block, or one layer of TinyViT. The first is used. */
  readonly returnedLayers: number;
}

/** The layer of TinyViT whose tokens are used; its downsampling belongs to it. Source: tiny_vit_sam.py of sam-hq. */
export const tinyVitLayer = 1;

/** Name of the early tokens, [1, grid, grid, width], as the encoder gives them and the decoder takes them. */
export const earlyTokens = "interm_embedding_0";

/** This is SAM's decoder, with the token of the HQ mask behind SAM's own. */
export const hqSamDecoder: DecoderArchitecture = {
  ...samDecoder,
  learned: [...samTokens, ["hf_token.weight", 1]],
};

export const hqSamConfigs = {
  "hq-sam-h": onSam(samConfigs["sam-vit-h"]),
  "hq-sam-l": onSam(samConfigs["sam-vit-l"]),
  "hq-sam-b": onSam(samConfigs["sam-vit-b"]),
  "hq-sam-light": onTinyVit(mobileSamConfigs.mobilesam),
  "hq-sam-nano": onSam(samConfigs["sam-nano"]),
} as const satisfies Record<string, HqSamConfig>;

function onSam(sizes: SamConfig): HqSamConfig {
  return {
    encoder: { kind: "SAM's ViT", sizes },
    decoder: sizes.decoder,
    earlyWidth: sizes.width,
    returnedLayers: sizes.globalBlocks.length,
  };
}

/** Returns HQ-SAM of these sizes of MobileSAM. */
export function onTinyVit(sizes: MobileSamConfig): HqSamConfig {
  return {
    encoder: { kind: "TinyViT", sizes },
    decoder: sizes.decoder,
    earlyWidth: stagesOf(sizes)[tinyVitLayer + 1]!.width,
    returnedLayers: 1,
  };
}

/** Returns a preset's sizes, at another input side if one is given. Throws HarnessError for a side that its encoder can not take. */
export function configOf(id: string, side?: number): HqSamConfig {
  const config: HqSamConfig | undefined = hqSamConfigs[id as keyof typeof hqSamConfigs];
  if (config === undefined) throw new Error(`no HQ-SAM preset is named ${id}`);
  const { encoder } = config;
  return encoder.kind === "TinyViT"
    ? onTinyVit(sizesAt(encoder.sizes, { id, side, multipleOf: tinyVitStride }))
    : onSam(sizesAt(encoder.sizes, { id, side, multipleOf: encoder.sizes.patch }));
}
