import type { Checkpoint } from "../../harness/api.ts";

/**
 * Returns a checkpoint whose parts are taken under SAM's names: with `mask_decoder: "sam_mask_decoder"`, `mask_decoder.x` is
 * the file's `sam_mask_decoder.x`. Weights keep the file's own names, in messages and in graphs.
 */
export function renamedParts(checkpoint: Checkpoint, parts: Readonly<Record<string, string>>): Checkpoint {
  const ownName = (name: string) => {
    const [part, ...rest] = name.split(".") as [string, ...string[]];
    return [parts[part] ?? part, ...rest].join(".");
  };
  return {
    ...checkpoint,
    dims: (name) => checkpoint.dims(ownName(name)),
    take: (name, dims) => checkpoint.take(ownName(name), dims),
  };
}
