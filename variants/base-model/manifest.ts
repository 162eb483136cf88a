import type { VariantManifest } from "../../harness/api.ts";

/** Fields of a manifest that a method takes over from the model that it changes. */
export type BaseFields = Omit<VariantManifest, "id" | "title" | "paper"> & { readonly base: string };

/**
 * Returns what a method's manifest says as its base's does: how photos are prepared and masks chosen, what the model lacks, its
 * printed counts and its notes. Weights and what belongs to them stay with the base, where they are looked up.
 */
export function fieldsOf(base: VariantManifest): BaseFields {
  const {
    id,
    title: _title,
    paper: _paper,
    published: _published,
    nanoWeights: _nanoWeights,
    seededScale: _seededScale,
    inertClasses: _inertClasses,
    alternativeTo: _alternativeTo,
    ...kept
  } = base;
  return { ...kept, base: id };
}
