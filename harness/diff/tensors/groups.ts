import type { TensorPair } from "./matching.ts";

/** Bytes that the values of a pair take in the process of one side: float32, whatever they were. */
export function pairBytes({ a }: TensorPair): number {
  return a.elements * Float32Array.BYTES_PER_ELEMENT;
}

/** Returns the bytes that are left for values in a run in which this pair is the largest. */
export type Room = (largest: TensorPair) => number;

/** Takes pairs from the front for as long as their values fit; the rest is for later. */
export function nextGroup(
  pairs: readonly TensorPair[],
  room: Room,
): { readonly group: readonly TensorPair[]; readonly rest: readonly TensorPair[] } {
  let bytes = 0;
  let largest = pairs[0];
  const end = pairs.findIndex((pair) => {
    bytes += pairBytes(pair);
    if (pairBytes(pair) > pairBytes(largest!)) largest = pair;
    return bytes > room(largest!);
  });
  const count = end < 0 ? pairs.length : end;
  return { group: pairs.slice(0, count), rest: pairs.slice(count) };
}

/** Counts the groups that pairs make. */
export function groupsOf(pairs: readonly TensorPair[], room: Room): number {
  let groups = 0;
  for (let rest = pairs; rest.length > 0; groups++) {
    const next = nextGroup(rest, room);
    if (next.group.length === 0) break;
    rest = next.rest;
  }
  return groups;
}
