import type { ImageId, PredictionRow } from "../api.ts";
import { random, shuffle } from "../stats/random.ts";
import type { DetailedRun } from "./details.ts";

/** Why a target is shown. */
export const galleryKinds = ["worst", "best", "different", "random"] as const;
export type GalleryKind = (typeof galleryKinds)[number];

/** A target of one prompts name, and what each variant made of it. */
export interface Sample {
  readonly kind: GalleryKind;
  readonly image: ImageId;
  readonly target: number;
  readonly category: number;
  readonly prompts: string;
  readonly ious: readonly number[];
}

interface Candidate extends Omit<Sample, "kind"> {
  readonly mean: number;
  readonly spread: number;
}

/**
 * A sample of what runs on one dataset have in common: the worst and the best mean IoU, the largest distance between two
 * variants, and some drawn by the seed, to equal parts. Prompts names take turns; no target stands twice, and an image only
 * where others are used up.
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
    for (const { mean: _, spread: __, ...candidate } of takeTurns(orders[kind], share, taken))
      chosen.push({ kind, ...candidate });
  }
  return chosen;
}

/** Only targets that every run with accuracy has been measured on. */
function candidatesOf(runs: readonly DetailedRun[]): readonly Candidate[] {
  const scored = runs.filter(({ rows }) => rows.length > 0);
  const found = new Map<string, { row: DetailedRun["rows"][number]; ious: number[] }>();
  for (const [place, { rows }] of scored.entries())
    for (const row of rows) {
      if (row.iou === undefined) continue;
      const key = `${row.image} ${row.target} ${row.prompts} ${row.protocol}`;
      const known = found.get(key);
      // The first of several masks of a target is the one that its protocol kept.
      if (known === undefined) found.set(key, { row, ious: [row.iou] });
      else if (known.ious.length === place) known.ious.push(row.iou);
    }
  return [...found.values()]
    .filter(({ ious }) => ious.length === scored.length)
    .map(({ row: { image, target, category, prompts }, ious }) => ({
      ...{ image, target, category, prompts, ious },
      mean: ious.reduce((sum, iou) => sum + iou, 0) / ious.length,
      spread: Math.max(...ious) - Math.min(...ious),
    }));
}

/** From the front of the order, a prompts name after the other; an image again only when its name has no other left. */
function takeTurns(order: readonly Candidate[], count: number, taken: Set<string>): readonly Candidate[] {
  const names = [...new Set(order.map(({ prompts }) => prompts))].sort();
  const images = new Set<ImageId>();
  const chosen: Candidate[] = [];
  const free = (candidate: Candidate, name: string) =>
    candidate.prompts === name && !taken.has(`${candidate.image} ${candidate.target}`);
  for (let turn = 0; turn < count; turn++) {
    const name = names[turn % names.length]!;
    const next =
      order.find((each) => free(each, name) && !images.has(each.image)) ?? order.find((each) => free(each, name));
    if (next === undefined) continue;
    taken.add(`${next.image} ${next.target}`);
    images.add(next.image);
    chosen.push(next);
  }
  return chosen;
}

/** A sample with everything that is drawn of it; masks and prompt in image pixels. */
export interface GalleryItem extends Omit<Sample, "ious"> {
  readonly categoryName: string;
  readonly size: { readonly height: number; readonly width: number };
  /** A data URI; absent where photos are left out. */
  readonly photo?: string;
  readonly prompt: PredictionRow["prompt"];
  /** Outlines of the ground truth; absent where its dataset is not at hand. */
  readonly truth?: Outlines;
  readonly predictions: readonly {
    readonly label: string;
    /** Place among the group's runs: its colour. */
    readonly series: number;
    readonly outlines: Outlines;
    readonly iou: number;
    readonly predictedIou: number;
  }[];
}

export type Outlines = readonly (readonly number[])[];
