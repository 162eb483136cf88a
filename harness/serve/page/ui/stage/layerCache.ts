import type { Rle, Size } from "../../../../api.ts";
import { type MaskLook, maskLayer } from "./layers.ts";

/** The last pictures of masks that were drawn: a pointer that moves draws the same masks again and again. */
export class LayerCache {
  readonly #kept = new Map<string, { readonly mask: Rle; readonly key: string; readonly layer: OffscreenCanvas }>();

  /** Returns the mask's picture. One is kept for each `use`. */
  layer(use: string, mask: Rle, size: Size, look: MaskLook): OffscreenCanvas {
    const key = JSON.stringify([size, look]);
    const known = this.#kept.get(use);
    if (known?.mask === mask && known.key === key) return known.layer;
    const layer = maskLayer(mask, size, look);
    this.#kept.set(use, { mask, key, layer });
    return layer;
  }
}
