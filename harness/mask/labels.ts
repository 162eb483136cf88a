import type { Rle, Size } from "../api.ts";

/** Runs of one label so far, and the end of the last of them. */
interface Runs {
  readonly counts: number[];
  end: number;
}

/** Returns the mask of each label that a picture has, also of 0, in one pass over its pixels. `labels` are row-major. */
export function labelMasks(labels: Uint8Array | Uint16Array, size: Size): Map<number, Rle> {
  const { height, width } = size;
  const total = height * width;
  const byLabel = new Map<number, Runs>();
  let label = labels[0] ?? 0;
  let start = 0;
  const close = (end: number) => {
    if (end === start) return;
    let runs = byLabel.get(label);
    if (runs === undefined) {
      runs = { counts: [], end: 0 };
      byLabel.set(label, runs);
    }
    runs.counts.push(start - runs.end, end - start);
    runs.end = end;
  };
  for (let x = 0, position = 0; x < width; x++) {
    for (let i = x; i < total; i += width, position++) {
      const next = labels[i]!;
      if (next === label) continue;
      close(position);
      label = next;
      start = position;
    }
  }
  close(total);
  return new Map([...byLabel].map(([each, { counts, end }]) => [each, finished(counts, end, size)]));
}

function finished(counts: readonly number[], end: number, size: Size): Rle {
  const rest = size.height * size.width - end;
  return { size, counts: Uint32Array.from(rest === 0 ? counts : [...counts, rest]) };
}
