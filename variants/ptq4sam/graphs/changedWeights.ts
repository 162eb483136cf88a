import type { Checkpoint, Weight } from "../../../harness/api.ts";

/** Returns the checkpoint with some of its weights changed; `change` returns the other weights as they are. */
export function withWeights(checkpoint: Checkpoint, change: (weight: Weight) => Weight): Checkpoint {
  return {
    label: checkpoint.label,
    source: checkpoint.source,
    dims: (name) => checkpoint.dims(name),
    take: (name, dims) => change(checkpoint.take(name, dims)),
    discard: (pattern, reason) => checkpoint.discard(pattern, reason),
    assertAllTaken: () => checkpoint.assertAllTaken(),
    close: () => checkpoint.close(),
  };
}
