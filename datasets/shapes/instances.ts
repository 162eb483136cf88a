import type { Annotation, ImageId, Rle, Size } from "../../harness/api.ts";
import { areaOf, boxOf, rleFromCounts } from "../../harness/mask/rle.ts";
import type { Rendering } from "./render.ts";
import type { Scene } from "./scene.ts";

/** Bounds under which a thing is hardly to be seen and so not annotated: 24 px, or an eighth of the thing. */
const smallest = { areaPx: 24, visibleShare: 0.125 };

/**
 * Returns the visible part of every thing, which is several regions where something lies across it, and of every piece that has
 * a category. Ids are image * 1000 + place in the scene, so that what is left out renumbers nothing.
 */
export function annotate(image: ImageId, scene: Scene, { things, pieces, wholePx }: Rendering): readonly Annotation[] {
  const thingMasks = masksOf(things, scene.size);
  const pieceMasks = masksOf(pieces, scene.size);
  const annotations: Annotation[] = [];
  let place = 0;
  let pieceNumber = 0;
  const add = (category: number, mask: Rle | undefined, leastPx: number): void => {
    place++;
    const box = mask === undefined ? undefined : boxOf(mask);
    if (mask === undefined || box === undefined || areaOf(mask) < leastPx) return;
    annotations.push({ id: image * 1000 + place, image, category, mask, box, areaPx: areaOf(mask), crowd: false });
  };
  scene.things.forEach((thing, index) => {
    add(thing.category, thingMasks.get(index + 1), Math.max(smallest.areaPx, smallest.visibleShare * wholePx[index]!));
    for (const piece of thing.pieces) {
      pieceNumber++;
      if (piece.category !== undefined) add(piece.category, pieceMasks.get(pieceNumber), smallest.areaPx);
    }
  });
  return annotations;
}

/** Returns the mask of every number but 0 in a row-major map, in one pass down its columns. */
export function masksOf(owners: Uint16Array, size: Size): ReadonlyMap<number, Rle> {
  const runs = new Map<number, { counts: number[]; end: number }>();
  const close = (owner: number, start: number, end: number): void => {
    if (owner === 0) return;
    const open = runs.get(owner) ?? { counts: [], end: 0 };
    open.counts.push(start - open.end, end - start);
    open.end = end;
    runs.set(owner, open);
  };
  const { height, width } = size;
  let owner = owners[0] ?? 0;
  let start = 0;
  for (let x = 0, position = 0; x < width; x++) {
    for (let y = 0; y < height; y++, position++) {
      const here = owners[y * width + x]!;
      if (here === owner) continue;
      close(owner, start, position);
      owner = here;
      start = position;
    }
  }
  const area = height * width;
  close(owner, start, area);
  const finished = [...runs].map(([number, { counts, end }]) => {
    return [number, rleFromCounts(end < area ? [...counts, area - end] : counts, size)] as const;
  });
  return new Map(finished);
}
