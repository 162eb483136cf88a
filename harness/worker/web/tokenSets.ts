import type { TokenSet, VariantManifest } from "../../api.ts";

/** Returns the decoder's token numbers in each set: where there is a single-mask token, it is token 0, and in no other set. */
export function tokenSets(
  { lacks }: Pick<VariantManifest, "lacks">,
  tokens: number,
): { readonly [Set in TokenSet]?: readonly number[] } & { readonly multimask: readonly number[] } {
  const all = Array.from({ length: tokens }, (_, token) => token);
  return lacks.includes("single-mask-token") ? { multimask: all } : { single: [0], multimask: all.slice(1) };
}
