/** A checkpoint gives a graph its weights out of a file: each is taken by name and shape, and none may be left over. */

import type { Checkpoint, WeightSource } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { type ArchiveOptions, openTensorArchive, type TensorArchive } from "./archive.ts";
import { printable } from "./damage.ts";
import { notRead } from "./unreadable.ts";

/** `source` says what the rows measured with it are marked as. The checkpoint closes the archive. */
export function checkpointOf(archive: TensorArchive, source: WeightSource): Checkpoint {
  const { file, tensors } = archive;
  const used = new Set<string>();
  return {
    label: file,
    source,
    dims: (name) => tensors.get(name)?.dims,
    take(name, dims) {
      const tensor = tensors.get(name);
      if (tensor === undefined) throw missing(archive, name);
      if (tensor.unreadable) throw notRead(file, { ...tensor, unreadable: true });
      if (!sameShape(tensor.dims, dims)) {
        throw new HarnessError(`${file}: weight ${name} has the wrong shape`, {
          found: tensor.dims,
          expected: dims,
          hint: "is this the checkpoint of another variant?",
        });
      }
      used.add(name);
      return { name, dims: tensor.dims, read: () => archive.read(name) };
    },
    discard(pattern) {
      // search() ignores lastIndex, so a pattern with the g flag does not skip every other name.
      for (const name of tensors.keys()) if (name.search(pattern) >= 0) used.add(name);
    },
    assertAllTaken() {
      // A tensor of an element type that no variant reads is a table or a state beside the weights.
      const left = [...tensors.values()].filter((each) => !used.has(each.name) && !each.unreadable);
      if (left.length > 0)
        throw leftOver(
          file,
          left.map(({ name }) => name),
        );
    },
    close: () => archive.close(),
  };
}

/** Opens the checkpoint. Throws HarnessError for what openTensorArchive refuses. */
export async function openCheckpoint(
  file: string,
  source: WeightSource = "checkpoint",
  options: ArchiveOptions = {},
): Promise<Checkpoint> {
  return checkpointOf(await openTensorArchive(file, options), source);
}

function missing({ file, tensors }: TensorArchive, name: string): HarnessError {
  const nearest = nearestName(name, [...tensors.keys()]);
  return new HarnessError(`${file}: weight ${name} is missing`, {
    found: `${tensors.size} other weights`,
    hint: nearest === undefined ? "is this the checkpoint of another variant?" : `did you mean ${printable(nearest)}?`,
  });
}

function leftOver(file: string, left: readonly string[]): HarnessError {
  const count = left.length === 1 ? "1 weight was" : `${left.length} weights were`;
  return new HarnessError(`${file}: ${count} neither taken nor discarded`, {
    found: `${left.slice(0, 5).map(printable).join(", ")}${left.length > 5 ? ", …" : ""}`,
    hint: "is this the checkpoint of another variant? a weight that the graph leaves out needs a discard with its reason",
  });
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/**
 * Returns the name that is most like this one. Weights of one network differ in the middle of their names, so shared beginnings
 * and endings tell which is meant.
 */
function nearestName(name: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((other) => ({ other, likeness: likeness(name, other) }))
    .sort((a, b) => b.likeness - a.likeness);
  const [best] = ranked;
  return best !== undefined && best.likeness >= 0.8 ? best.other : undefined;
}

/** Returns the number of shared characters at both ends, as a part of the longer name. */
function likeness(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return (start + end) / Math.max(a.length, b.length);
}
