import type { HalfType, ModelLookup, Paper, VariantManifest } from "../../harness/api.ts";
import { fieldsOf } from "../base-model/manifest.ts";

/** A number format of 16 bits as a method. */
export interface Format {
  /** First part of its variants' ids: `half` of `half/sam-vit-b`. */
  readonly id: string;
  readonly type: HalfType;
  readonly title: string;
  readonly paper: Paper;
  /** The largest relative error that an image embedding of any model may have. */
  readonly embeddingBound: number;
}

/** Returns the manifest of `<format>/<model>`; nothing for another id. */
export function presetOf(format: Format, id: string, modelOf: ModelLookup): VariantManifest | undefined {
  const prefix = `${format.id}/`;
  const base = id.startsWith(prefix) ? modelOf(id.slice(prefix.length)) : undefined;
  return base === undefined ? undefined : manifestOf(format, base);
}

function manifestOf({ id, type, title, paper }: Format, base: VariantManifest): VariantManifest {
  return {
    ...fieldsOf(base),
    id: `${id}/${base.id}`,
    title: `${title}, ${base.title.replace(/^SAM /, "")}`,
    paper,
    notes: [...base.notes, `weights of ${type} in the files of all graphs`],
  };
}
