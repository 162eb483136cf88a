import { type SamConfig, samConfigs } from "../sam/config.ts";

/**
 * Kind of a layer. `plain`: the P-block works on all tokens. `module`: the E-block works on all tokens, and the P-block on the
 * selected ones. `selected`: the P-block works on the selected tokens, and the others wait.
 */
export type LayerKind = "plain" | "module" | "selected";

/** Sizes of big.LITTLE ViT on SAM: its P-blocks are SAM's own blocks. */
export interface BlvitConfig {
  readonly sam: SamConfig;
  /** Sizes of the E-blocks' attention and MLP. */
  readonly efficient: { readonly width: number; readonly heads: number };
  readonly layers: readonly LayerKind[];
  /** Layers, counted from 1, after which tokens are scored again. */
  readonly predictions: readonly number[];
}

export const blvitConfigs: Readonly<Record<"blvit/b+t" | "blvit/h+b" | "blvit-nano", BlvitConfig>> = {
  "blvit/b+t": {
    sam: samConfigs["sam-vit-b"],
    efficient: { width: 192, heads: 3 },
    layers: layers(12, (layer) => (layer === 1 ? "plain" : "module")),
    predictions: [1, 4, 7, 10],
  },
  "blvit/h+b": {
    sam: samConfigs["sam-vit-h"],
    efficient: { width: 768, heads: 12 },
    layers: layers(32, (layer) => (layer <= 9 ? "plain" : layer % 2 === 0 ? "module" : "selected")),
    predictions: [8, 16, 24],
  },
  // One layer of each kind that the other two have.
  "blvit-nano": {
    sam: samConfigs["sam-nano"],
    efficient: { width: 32, heads: 1 },
    layers: layers(6, (layer) => (layer === 1 ? "plain" : layer === 5 ? "selected" : "module")),
    predictions: [1, 4],
  },
};

/** Returns how many of `tokens` the P-block gets: at least one. */
export function selectedCount(tokens: number, pruneRatio: number): number {
  return Math.max(1, Math.round(tokens * (1 - pruneRatio)));
}

function layers(count: number, kindOf: (layer: number) => LayerKind): readonly LayerKind[] {
  return Array.from({ length: count }, (_, i) => kindOf(i + 1));
}
