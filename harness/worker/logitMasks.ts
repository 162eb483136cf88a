import type { Geometry, MaskSpec, Rle } from "../api.ts";
import { maskAbove, maskFromLogits, maskWithStability } from "../mask/index.ts";

/** Masks of one prediction's logits. Each method returns nothing for a token without logits. */
export interface LogitMasks {
  mask(token: number): Rle | undefined;
  stability(token: number, offset: number): number | undefined;
  maskAbove(token: number, level: number): Rle | undefined;
}

/**
 * Makes masks when they are asked for. A mask comes with its stability at little more than the cost of either, so it is kept for
 * who asks for the stability first and the mask after.
 */
export function logitMasks(
  logitsOf: (token: number) => Float32Array | undefined,
  { geometry, spec }: { readonly geometry: Geometry; readonly spec: MaskSpec },
): LogitMasks {
  const found = new Map<number, Rle>();
  return {
    mask(token) {
      const known = found.get(token);
      if (known !== undefined) return known;
      const logits = logitsOf(token);
      return logits && maskFromLogits(logits, geometry, spec);
    },
    stability(token, offset) {
      const logits = logitsOf(token);
      if (logits === undefined) return undefined;
      const { mask, stability } = maskWithStability(logits, { geometry, spec, offset });
      found.set(token, mask);
      return stability;
    },
    maskAbove(token, level) {
      const logits = logitsOf(token);
      return logits && maskAbove(logits, { geometry, spec, level });
    },
  };
}
