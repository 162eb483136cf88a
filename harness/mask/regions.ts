import type { Rle } from "../api.ts";
import { type ColumnRun, columnRuns, complement, maskFromColumns } from "./columnRuns.ts";

/**
 * Fills holes, or takes away components, of fewer than `leastPx` pixels. Pixels that touch by a corner hang together, holes
 * too, and what lies outside up to the image's border counts as a hole. Of components that are all too small the largest
 * stays, the first by rows among equals. The mask itself comes back where nothing changes.
 * Source: remove_small_regions of segment_anything/utils/amg.py, connectedComponentsWithStats of OpenCV with 8 neighbours.
 */
export function removeSmallRegions(mask: Rle, leastPx: number, kind: "holes" | "components"): Rle {
  const runs = columnRuns(mask, kind === "holes" ? "outside" : "inside");
  const regions = regionsOf(runs, mask.size.width);
  if (regions.every(({ areaPx }) => areaPx >= leastPx)) return mask;
  let kept = regions.filter(({ areaPx }) => areaPx >= leastPx);
  if (kept.length === 0 && kind === "components") kept = [largest(regions)];
  const places = kept.flatMap((region) => region.runs).sort((a, b) => a - b);
  const left = maskFromColumns(
    places.map((place) => runs[place]!),
    mask.size,
  );
  return kind === "holes" ? complement(left) : left;
}

interface Region {
  /** Places in the list of runs. */
  readonly runs: number[];
  areaPx: number;
  /** First pixel, counted along the rows. */
  first: number;
}

/** Returns the regions of runs that hang together. It unites neighbours in columns side by side. */
function regionsOf(runs: readonly ColumnRun[], width: number): readonly Region[] {
  const parents = Uint32Array.from(runs.keys());
  const rootOf = (place: number): number => {
    let root = place;
    while (parents[root] !== root) root = parents[root]!;
    for (let at = place; parents[at] !== root; ) {
      const next = parents[at]!;
      parents[at] = root;
      at = next;
    }
    return root;
  };
  for (let place = 0, before = 0; place < runs.length; place++) {
    const run = runs[place]!;
    // Runs of the last column that end above this one end above those that follow, too.
    while (runs[before]!.x < run.x - 1 || (runs[before]!.x === run.x - 1 && runs[before]!.bottom < run.top)) before++;
    for (let other = before; runs[other]!.x === run.x - 1 && runs[other]!.top <= run.bottom; other++)
      parents[rootOf(other)] = rootOf(place);
  }
  const regions = new Map<number, Region>();
  for (const [place, { x, top, bottom }] of runs.entries()) {
    const root = rootOf(place);
    const region = regions.get(root) ?? { runs: [], areaPx: 0, first: Number.POSITIVE_INFINITY };
    regions.set(root, region);
    region.runs.push(place);
    region.areaPx += bottom - top;
    region.first = Math.min(region.first, top * width + x);
  }
  return [...regions.values()];
}

function largest(regions: readonly Region[]): Region {
  return regions.reduce((best, region) => {
    const ahead = region.areaPx - best.areaPx || best.first - region.first;
    return ahead > 0 ? region : best;
  });
}
