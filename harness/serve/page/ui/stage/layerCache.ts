import type { Rle } from "../../../../api.ts";
import { type MaskLook, maskLayer } from "./layers.ts";
import type { Projection } from "./view.ts";

interface Drawing {
  readonly projection: Projection;
  readonly look: MaskLook;
}

/** The last pictures of masks that were drawn: a pointer that moves draws the same masks again and again. */
export class LayerCache {
  readonly #kept = new Map<string, { readonly mask: Rle; readonly key: string; readonly layer: OffscreenCanvas }>();

  /** Returns the mask's picture. One is kept for each `use`. */
  layer(use: string, mask: Rle, { projection, look }: Drawing): OffscreenCanvas {
    const key = JSON.stringify([projection, look]);
    const known = this.#kept.get(use);
    if (known?.mask === mask && known.key === key) return known.layer;
    const layer = maskLayer(mask, projection, look);
    this.#kept.set(use, { mask, key, layer });
    return layer;
  }
}
