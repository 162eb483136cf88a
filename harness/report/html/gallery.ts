import type { ImageId, PredictionRow } from "../../api.ts";
import { random, shuffle } from "../../stats/random.ts";
import type { DetailedRun } from "./details.ts";

/** Reason why a target is shown. */
export const galleryKinds = ["worst", "best", "different", "random"] as const;
export type GalleryKind = (typeof galleryKinds)[number];

/** A target of one prompts name, with the IoU that each variant reached on it. */
export interface Sample {
  readonly kind: GalleryKind;
  readonly image: ImageId;
  readonly target: number;
  readonly category: number;
  readonly prompts: string;
  readonly ious: readonly number[];
}

/** A target with its row in the first run. */
interface Candidate {
  readonly row: PredictionRow;
  readonly ious: readonly number[];
  readonly mean: number;
  readonly spread: number;
}

/**
 * Chooses targets that all runs on one dataset have: those with the worst and with the best mean IoU, those with the
 * largest distance between two variants, and some drawn by the seed, to equal parts. Prompts names take turns. No target is
 * chosen twice, and an image only where all others are used up.
 */
export function chooseSamples(runs: readonly DetailedRun[], count: number, seed: number): readonly Sample[] {
  const candidates = candidatesOf(runs);
  const orders: Readonly<Record<GalleryKind, readonly Candidate[]>> = {
    worst: candidates.toSorted((a, b) => a.mean - b.mean),
    best: candidates.toSorted((a, b) => b.mean - a.mean),
    different: candidates.filter(({ ious }) => ious.length > 1).toSorted((a, b) => b.spread - a.spread),
    random: shuffle(random(seed, "gallery"), candidates),
  };
  const kinds = galleryKinds.filter((kind) => orders[kind].length > 0);
  const taken = new Set<string>();
  const chosen: Sample[] = [];
  for (const [i, kind] of kinds.entries()) {
    const share = Math.floor(((i + 1) * count) / kinds.length) - Math.floor((i * count) / kinds.length);
    for (const { row, ious } of takeTurns(orders[kind], share, taken)) {
      const { image, target, category, prompts } = row;
      chosen.push({ kind, image, target, category, prompts, ious });
    }
  }
  return chosen;
}

/**
 * Returns the targets that every run with accuracy has been measured on. It goes image by image, because large sets have a
 * million targets.
 */
function candidatesOf(runs: readonly DetailedRun[]): readonly Candidate[] {
  const [first, ...others] = runs.filter(({ rows }) => rows.length > 0).map(({ rows }) => byImage(rows));
  const found: Candidate[] = [];
  for (const [image, rows] of first ?? []) {
    const same = others.map((run) => keptRows(run.get(image) ?? []));
    for (const [key, row] of keptRows(rows)) {
      const ious = [row, ...same.map((kept) => kept.get(key))].flatMap((each) => each?.iou ?? []);
      if (ious.length <= others.length) continue;
      const mean = ious.reduce((sum, iou) => sum + iou, 0) / ious.length;
      found.push({ row, ious, mean, spread: Math.max(...ious) - Math.min(...ious) });
    }
  }
  return found;
}

function byImage(rows: readonly PredictionRow[]): ReadonlyMap<ImageId, readonly PredictionRow[]> {
  const images = new Map<ImageId, PredictionRow[]>();
  for (const row of rows) {
    const own = images.get(row.image);
    if (own === undefined) images.set(row.image, [row]);
    else own.push(row);
  }
  return images;
}

/** Returns one row for each target: the first of several masks, which is the one that the protocol kept. */
function keptRows(rows: readonly PredictionRow[]): ReadonlyMap<string, PredictionRow> {
  const kept = new Map<string, PredictionRow>();
  for (const row of rows) {
    const key = `${row.target} ${row.prompts} ${row.protocol}`;
    if (row.iou !== undefined && !kept.has(key)) kept.set(key, row);
  }
  return kept;
}

/**
 * Takes candidates from the front of the order, one prompts name after the other. An image comes again only where its name
 * has no other left.
 */
function takeTurns(order: readonly Candidate[], count: number, taken: Set<string>): readonly Candidate[] {
  const names = [...new Set(order.map(({ row }) => row.prompts))].sort();
  const images = new Set<ImageId>();
  const chosen: Candidate[] = [];
  const free = ({ row }: Candidate, name: string) => row.prompts === name && !taken.has(`${row.image} ${row.target}`);
  for (let turn = 0; turn < count; turn++) {
    const name = names[turn % names.length]!;
    const next =
      order.find((each) => free(each, name) && !images.has(each.row.image)) ?? order.find((each) => free(each, name));
    if (next === undefined) continue;
    taken.add(`${next.row.image} ${next.row.target}`);
    images.add(next.row.image);
    chosen.push(next);
  }
  return chosen;
}

/** A target with everything that is drawn of it; masks and prompt are in pixels of the image. */
export interface GalleryItem extends Omit<Sample, "ious"> {
  readonly categoryName: string;
  readonly size: { readonly height: number; readonly width: number };
  /** Data URI of the photo; absent where photos are left out. */
  readonly photo?: string;
  readonly prompt: PredictionRow["prompt"];
  /** Outlines of the ground truth; absent where the dataset is not at hand. */
  readonly truth?: Outlines;
  readonly predictions: readonly {
    readonly label: string;
    /** Place among the runs of the group, which decides its colour. */
    readonly series: number;
    readonly outlines: Outlines;
    readonly iou: number;
    readonly predictedIou: number;
  }[];
}

export type Outlines = readonly (readonly number[])[];
