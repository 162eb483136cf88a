import { basename } from "node:path";
import { type Registry, variantOf, weightsVariantOf } from "../plan/plugins/registry.ts";
import type { Manifest } from "../store/schema.ts";

/**
 * Tells whether a stored run has the weights that a variant's bare id means: those that the project brings, those that its
 * authors published, or values from a seed. A file that a user gave with --checkpoint is none of them: it is named as that
 * file.
 */
export function hasOwnWeights({ variant, weights }: Manifest, registry: Registry): boolean {
  if (weights.source !== "checkpoint" || weights.file === undefined) return true;
  const { published } = weightsVariantOf(registry, variantOf(registry, variant.id)).preset;
  if (published === undefined) return false;
  if (published.sha256 !== undefined) return published.sha256 === weights.sha256;
  // Where no hash was published, the name is all there is.
  return (published.name ?? basename(new URL(published.url).pathname)) === weights.file;
}
