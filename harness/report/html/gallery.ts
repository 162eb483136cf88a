import type { ImageId, Point, PredictionRow } from "../../api.ts";
import { random, shuffle } from "../../stats/random.ts";
import type { DetailedRun } from "./details.ts";

/** Reason why a target is shown. */
export const galleryKinds = ["worst", "best", "different", "random"] as const;
export type GalleryKind = (typeof galleryKinds)[number];

/** A target that is shown, with the prompts names under which every run has a mask of it. */
export interface Sample {
  readonly kind: GalleryKind;
  readonly image: ImageId;
  readonly target: number;
  readonly category: number;
  /** Area of the annotation. */
  readonly areaPx: number;
  readonly prompts: readonly string[];
}

interface Candidate extends Omit<Sample, "kind"> {
  /** Mean IoU over runs and prompts. */
  readonly mean: number;
  /** Largest distance between two runs under one prompts name. */
  readonly spread: number;
}

/**
 * Chooses targets that all runs on one dataset have: those with the worst and with the best mean IoU, those with the
 * largest distance between two variants, and some drawn by the seed, to equal parts. No target is chosen twice, and an image
 * only where all others are used up.
 */
export function chooseSamples(runs: readonly DetailedRun[], count: number, seed: number): readonly Sample[] {
  const candidates = candidatesOf(runs);
  const several = runs.filter(({ rows }) => rows.length > 0).length > 1;
  const orders: Readonly<Record<GalleryKind, readonly Candidate[]>> = {
    worst: candidates.toSorted((a, b) => a.mean - b.mean),
    best: candidates.toSorted((a, b) => b.mean - a.mean),
    different: several ? candidates.toSorted((a, b) => b.spread - a.spread) : [],
    random: shuffle(random(seed, "gallery"), candidates),
  };
  const kinds = galleryKinds.filter((kind) => orders[kind].length > 0);
  const taken = new Set<Candidate>();
  return kinds.flatMap((kind, i) => {
    const share = Math.floor(((i + 1) * count) / kinds.length) - Math.floor((i * count) / kinds.length);
    return takeFirst(orders[kind], share, taken).map(({ mean: _, spread: __, ...sample }) => ({ kind, ...sample }));
  });
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
    const targets = new Map<number, { readonly row: PredictionRow; readonly ious: readonly number[] }[]>();
    for (const [key, row] of keptRows(rows)) {
      const ious = [row, ...same.map((kept) => kept.get(key))].flatMap((each) => each?.iou ?? []);
      if (ious.length <= others.length) continue;
      targets.set(row.target, [...(targets.get(row.target) ?? []), { row, ious }]);
    }
    for (const shown of targets.values()) found.push(candidateOf(shown));
  }
  return found;
}

function candidateOf(shown: readonly { readonly row: PredictionRow; readonly ious: readonly number[] }[]): Candidate {
  const { image, target, category, areaPx } = shown[0]!.row;
  const ious = shown.flatMap((each) => each.ious);
  return {
    image,
    target,
    category,
    areaPx,
    prompts: [...new Set(shown.map(({ row }) => row.prompts))],
    mean: ious.reduce((sum, iou) => sum + iou, 0) / ious.length,
    spread: Math.max(...shown.map((each) => Math.max(...each.ious) - Math.min(...each.ious))),
  };
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

/** Returns one row for each target: of its last step the first of several masks, which is the one that the protocol kept. */
export function keptRows(rows: readonly PredictionRow[]): ReadonlyMap<string, PredictionRow> {
  const kept = new Map<string, PredictionRow>();
  for (const row of rows) {
    const key = `${row.target} ${row.prompts} ${row.protocol}`;
    if (row.iou !== undefined && row.step > (kept.get(key)?.step ?? 0)) kept.set(key, row);
  }
  return kept;
}

/**
 * Returns what all were prompted with: the box, and the points up to the first that differs, for a later click follows from each
 * model's own mask.
 */
export function sharedPrompt(prompts: readonly PredictionRow["prompt"][]): PredictionRow["prompt"] {
  const [first, ...others] = prompts as readonly [PredictionRow["prompt"], ...PredictionRow["prompt"][]];
  const same = ({ x, y, label }: Point, other: Point | undefined) =>
    other !== undefined && x === other.x && y === other.y && label === other.label;
  const differing = first.points.findIndex((point, i) => !others.every(({ points }) => same(point, points[i])));
  return { points: differing < 0 ? first.points : first.points.slice(0, differing), box: first.box };
}

/** Takes candidates from the front of the order. An image comes again only where no other is left. */
function takeFirst(order: readonly Candidate[], count: number, taken: Set<Candidate>): readonly Candidate[] {
  const images = new Set<ImageId>();
  const chosen: Candidate[] = [];
  while (chosen.length < count) {
    const free = order.filter((each) => !taken.has(each));
    const next = free.find(({ image }) => !images.has(image)) ?? free[0];
    if (next === undefined) break;
    taken.add(next);
    images.add(next.image);
    chosen.push(next);
  }
  return chosen;
}

/** A target with everything that is drawn of it; masks and prompts are in pixels of the image. */
export interface GalleryItem extends Omit<Sample, "prompts"> {
  readonly categoryName: string;
  readonly size: { readonly height: number; readonly width: number };
  /** Data URI of the photo; absent where photos are left out. */
  readonly photo?: string | undefined;
  /** Outlines of the ground truth; absent where the dataset is not at hand. */
  readonly truth?: Outlines | undefined;
  /** The same target under each prompts name. */
  readonly views: readonly GalleryView[];
}

export interface GalleryView {
  readonly prompts: string;
  /** The prompt that all runs were given. */
  readonly prompt: PredictionRow["prompt"];
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
