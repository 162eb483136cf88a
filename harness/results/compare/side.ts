import type { ImageId, PredictionRow } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import type { LatencyTurn } from "../../store/latency.ts";
import type { Manifest } from "../../store/schema.ts";

/** One side of a comparison: a stored run with its rows in memory. */
export interface Side {
  readonly manifest: Manifest;
  /** Images that ran to their end without failure. */
  readonly images: readonly ImageId[];
  /** Message of each image that failed. */
  readonly failures: ReadonlyMap<ImageId, string>;
  /** Rows with what was asked for of them: agreement needs their masks and prompts. */
  readonly byPrompts: ReadonlyMap<string, readonly PredictionRow[]>;
  readonly turns: readonly LatencyTurn[];
}

/**
 * Rows of both sides under one prompts name: they are of the same targets, or of the same images where detections are
 * scored.
 */
export interface SharedPrompts {
  readonly prompts: string;
  readonly protocol: string;
  readonly a: readonly PredictionRow[];
  readonly b: readonly PredictionRow[];
  /** Images in ascending order; those without a row are among them. */
  readonly images: readonly ImageId[];
  /** Seeds of the two runs: each side alone has the groups of images of its own run. */
  readonly seeds: { readonly a: number; readonly b: number };
}

export interface Shared {
  readonly prompts: readonly SharedPrompts[];
  /** Whole sentences: what one side has and the other has not. */
  readonly notes: readonly string[];
}

/**
 * Returns the rows that can be paired: the same prompts name by the same protocol, on the same images and targets. Throws
 * HarnessError for sides on other data, where an id means another target.
 */
export function sharedRows(a: Side, b: Side): Shared {
  requireSameData(a, b);
  const inB = new Set(b.images);
  const images = a.images.filter((image) => inB.has(image)).sort((x, y) => x - y);
  const notes = [...imageNotes(a, b, images.length), ...seedNotes(a, b)];
  const prompts: SharedPrompts[] = [];
  for (const [name, protocol] of Object.entries(a.manifest.protocols)) {
    const other = b.manifest.protocols[name];
    if (other === undefined) notes.push(`prompts ${name}: only A has them`);
    else if (other !== protocol) notes.push(`prompts ${name}: left out, by ${protocol} in A and by ${other} in B`);
    else {
      const pair = pairRows(a.byPrompts.get(name) ?? [], b.byPrompts.get(name) ?? [], images);
      if (pair.a.length + pair.b.length === 0) continue;
      if (pair.alone > 0) notes.push(`prompts ${name}: ${pair.alone} targets are only in one of the two and left out`);
      const seeds = { a: a.manifest.seed, b: b.manifest.seed };
      prompts.push({ prompts: name, protocol, images, seeds, a: pair.a, b: pair.b });
    }
  }
  for (const name of Object.keys(b.manifest.protocols))
    if (a.manifest.protocols[name] === undefined) notes.push(`prompts ${name}: only B has them`);
  return { prompts, notes };
}

function requireSameData(a: Side, b: Side): void {
  const own = a.manifest.dataset;
  const other = b.manifest.dataset;
  if (own.id === other.id) return;
  throw new HarnessError(`${a.manifest.id} and ${b.manifest.id}: not on the same data`, {
    found: [own.id, other.id],
    hint: "a difference is taken over shared targets; run both on one dataset",
  });
}

function pairRows(a: readonly PredictionRow[], b: readonly PredictionRow[], images: readonly ImageId[]) {
  const shared = new Set(images);
  const ofShared = (rows: readonly PredictionRow[]) => rows.filter(({ image }) => shared.has(image));
  const ownA = ofShared(a);
  const ownB = ofShared(b);
  // Detections and proposals are not paired one by one: each side has its own on an image.
  if ([...ownA, ...ownB].some(({ score }) => score !== undefined)) return { a: ownA, b: ownB, alone: 0 };
  const inA = byTarget(ownA);
  const inB = byTarget(ownB);
  for (const [key, row] of inA) requireSameTarget(row, inB.get(key));
  const alone = [...inA.keys()].filter((key) => !inB.has(key)).length;
  const missing = [...inB.keys()].filter((key) => !inA.has(key)).length;
  return {
    a: ownA.filter((row) => inB.has(keyOf(row))),
    b: ownB.filter((row) => inA.has(keyOf(row))),
    alone: alone + missing,
  };
}

const keyOf = ({ image, target, step }: PredictionRow) => `${image} ${target} ${step}`;

/** Returns rows that have a measured IoU, by target and step. A row without one is in no mean, on either side. */
function byTarget(rows: readonly PredictionRow[]): ReadonlyMap<string, PredictionRow> {
  return new Map(rows.flatMap((row) => (row.iou === undefined ? [] : [[keyOf(row), row] as const])));
}

/** Throws HarnessError where one id means two targets. */
export function requireSameTarget(a: PredictionRow, b: PredictionRow | undefined): void {
  if (b === undefined) return;
  const sizeA = a.mask.size;
  const sizeB = b.mask.size;
  if (a.areaPx === b.areaPx && sizeA.height === sizeB.height && sizeA.width === sizeB.width) return;
  throw new HarnessError(`image ${a.image}, target ${a.target}: not the same in both runs`, {
    found: `${a.areaPx} px of ${sizeA.width} x ${sizeA.height} and ${b.areaPx} px of ${sizeB.width} x ${sizeB.height}`,
    hint: "the runs are on other data: drawn scenes follow from --seed, annotations from their file",
  });
}

function imageNotes(a: Side, b: Side, shared: number): string[] {
  const bare = [a, b].filter(({ images }) => images.length === 0).map(({ manifest }) => manifest);
  if (bare.length > 0)
    return [`accuracy: ${bare.map(({ id, weights }) => `${id} has none (${weights.label})`).join(", ")}`];
  const ownA = a.images.length;
  const ownB = b.images.length;
  if (ownA === shared && ownB === shared) return [];
  return [`images: ${shared} are in both (A has ${ownA}, B has ${ownB}); figures are about these`];
}

function seedNotes({ manifest: a }: Side, { manifest: b }: Side): string[] {
  if (a.seed === b.seed) return [];
  return [`seeds: ${a.seed} and ${b.seed}, so random prompts are other points; part of the difference is theirs`];
}
