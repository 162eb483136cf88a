import type { Checkpoint } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { type SamConfig, samConfigs } from "../sam/config.ts";
import { sizesAt } from "../sam-decoder/presetSizes.ts";

/** Widths that uniform pruning leaves, the same in every block. */
interface Widths {
  /** Width of the tokens: queries, keys and values have it too. */
  readonly width: number;
  /** Hidden width of the MLP. */
  readonly mlp: number;
}

type PrunedConfig = SamConfig & Widths;

/**
 * The sizes of uniformly pruned SAMs. Pruning keeps depth, windows and the number of heads, so the heads of SlimSAM-77 are 14
 * wide, and it prunes the MLP on its own: 696 is not four times 168. Source: build_sam_vit_p77 and build_sam_vit_p50 of
 * segment_anything/build_sam.py.
 */
export const slimSamConfigs = {
  "slimsam-77": { ...samConfigs["sam-vit-b"], width: 168, mlp: 696 },
  "slimsam-50": { ...samConfigs["sam-vit-b"], width: 384, mlp: 1536 },
  "slimsam-nano": { ...samConfigs["sam-nano"], width: 42, mlp: 174 },
} as const satisfies Record<string, PrunedConfig>;

type Id = keyof typeof slimSamConfigs;

/** The SAM that each preset was pruned from. */
const unpruned: Readonly<Record<Id, keyof typeof samConfigs>> = {
  "slimsam-77": "sam-vit-b",
  "slimsam-50": "sam-vit-b",
  "slimsam-nano": "sam-nano",
};

/**
 * Returns a preset's sizes, with the widths of the checkpoint where it has shapes: whoever prunes SAM uniformly by another ratio
 * gets the same network with other widths. Throws HarnessError for a side that is no number of patches, for the widths of another preset or of
 * the SAM that is not pruned, and for widths that the heads can not share.
 */
export function configOf(id: string, checkpoint: Checkpoint, side?: number): PrunedConfig {
  const own: PrunedConfig | undefined = slimSamConfigs[id as Id];
  if (own === undefined) throw new Error(`no SlimSAM preset is named ${id}`);
  const config = sizesAt(own, { id, side, multipleOf: own.patch });
  const widths = widthsOf(checkpoint);
  if (widths === undefined || haveSameWidths(config, widths)) return config;
  requirePruned(id as Id, widths, checkpoint.label);
  return { ...config, ...widths };
}

/** Returns what a reader of the row must know of a checkpoint with other widths than the preset's; nothing where they are its own. */
export function widthsNote(id: string, config: PrunedConfig): string | undefined {
  const own = slimSamConfigs[id as Id];
  if (haveSameWidths(config, own)) return undefined;
  return `its checkpoint is pruned by another ratio: tokens are ${config.width} wide and MLPs ${config.mlp}, not ${own.width} and ${own.mlp}`;
}

function haveSameWidths(a: Widths, b: Widths): boolean {
  return a.width === b.width && a.mlp === b.mlp;
}

/** Reads the widths off the first block. Returns nothing for seeded weights, which have no shapes, and for another model. */
function widthsOf(checkpoint: Checkpoint): Widths | undefined {
  const dims = checkpoint.dims("image_encoder.blocks.0.mlp.lin1.weight");
  if (dims?.length !== 2) return undefined;
  const [mlp, width] = dims as [number, number];
  return { width, mlp };
}

/** Throws HarnessError for widths that no uniform pruning of the preset's SAM gives, and for those of another preset. */
function requirePruned(id: Id, widths: Widths, label: string): void {
  const { heads, width } = samConfigs[unpruned[id]];
  const refuse = (problem: string) => {
    const own = slimSamConfigs[id];
    return new HarnessError(`${label}: ${problem}`, {
      found: [widths.width, widths.mlp],
      expected: [own.width, own.mlp],
    });
  };
  for (const [other, config] of Object.entries(slimSamConfigs))
    if (haveSameWidths(config, widths)) throw refuse(`its tokens and MLPs have the widths of ${other}`);
  if (widths.width >= width) throw refuse(`its tokens are not narrower than those of ${unpruned[id]}`);
  if (widths.width % heads !== 0) throw refuse(`the width of its tokens can not be shared by ${heads} heads`);
}
