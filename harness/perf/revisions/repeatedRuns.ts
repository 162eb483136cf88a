import { appendFile, copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError } from "../../errors.ts";
import { openDataset } from "../../plan/data/openDataset.ts";
import { loadRegistry } from "../../plan/plugins/registry.ts";
import { datasetOfRun, plannedImages } from "../../results/runDataset.ts";
import { planId } from "../../store/canonical.ts";
import { hashOf, latencyFile, rowsFile } from "../../store/damage.ts";
import { writeManifest } from "../../store/manifest.ts";
import { type FinishedImage, imageText, readImages } from "../../store/rows.ts";
import type { Row } from "../../store/schema/rowSchema.ts";
import type { Manifest } from "../../store/schema.ts";
import type { StoredRun } from "../../store/store.ts";
import { type CopiedIds, repeatAnnotations } from "../scoring/scoreData.ts";

interface Repetition {
  /** Finished runs of one data set. */
  readonly runs: readonly StoredRun[];
  /** Folder of the data set; where the runs found it if left out. */
  readonly data?: string | undefined;
  /** Copies of each image with its rows. */
  readonly repeat: number;
}

/** Runs in a folder of their own, and the data set that they belong to. */
export interface RepeatedRuns {
  readonly ids: readonly string[];
  readonly results: string;
  readonly data: string;
  /** Number of images and of rows in each run. */
  readonly sizes: readonly Size[];
}

interface Size {
  readonly images: number;
  readonly rows: number;
}

/**
 * Writes runs that hold the rows of others many times, and the annotations of their data set as many times, into `folder`. Photos
 * are not written: whatever is computed of stored rows needs none. Throws HarnessError for runs that did not end, for other data
 * than theirs, and for rows that are no annotation's.
 */
export async function repeatRuns({ runs, data, repeat }: Repetition, folder: string): Promise<RepeatedRuns> {
  for (const { id, manifest } of runs)
    if (manifest.status.state !== "done")
      throw new HarnessError(`${id}: did not end`, { found: manifest.status.state, hint: "give its bench run again" });
  const repeated = { results: join(folder, "results"), data: join(folder, "data") };
  await mkdir(repeated.data, { recursive: true });
  const copied = await repeatAnnotations(
    await annotationsOf(runs, data),
    join(repeated.data, "instances.json"),
    repeat,
  );
  const written: Written[] = [];
  for (const run of runs) written.push(await repeatRun(run, { ...repeated, copied, repeat }));
  return { ...repeated, ids: written.map(({ id }) => id), sizes: written };
}

/** Returns the annotation file of the runs' data set. Throws HarnessError where they are of two, or it has no such file. */
async function annotationsOf(runs: readonly StoredRun[], data: string | undefined): Promise<string> {
  const files = new Set<string>();
  for (const { manifest } of runs) {
    const dataset = await datasetOfRun(manifest, plannedImages(manifest) ?? [], { data });
    for (const file of dataset?.files ?? []) files.add(file);
  }
  const [file] = files;
  if (file !== undefined && files.size === 1) return file;
  throw new HarnessError(`${runs.map(({ id }) => id).join(" and ")}: not of one annotation file`, {
    found: [...files],
    hint: "give runs of --dataset coco or lvis, and its folder with --data",
  });
}

interface Repeated {
  readonly results: string;
  readonly data: string;
  readonly copied: CopiedIds;
  readonly repeat: number;
}

interface Written extends Size {
  readonly id: string;
}

async function repeatRun(run: StoredRun, { results, data, copied, repeat }: Repeated): Promise<Written> {
  const { manifest } = run;
  const copies = [...Array(repeat).keys()];
  const images = copies.flatMap((copy) => (plannedImages(manifest) ?? []).map((image) => copied.image(image, copy)));
  const { fingerprint } = await openDataset(await loadRegistry(), manifest.dataset.id, {
    data,
    images,
    seed: manifest.seed,
  });
  const resolved = { ...manifest.plan.resolved, dataset: { id: manifest.dataset.id, fingerprint, images } };
  const id = planId(manifest.variant.id, resolved);
  const folder = join(results, id);
  await mkdir(folder, { recursive: true });
  const size = await writeCopies(run, rowsFile(folder), { copied, copies });
  await copyFile(latencyFile(run.folder), latencyFile(folder));
  await writeManifest(folder, {
    ...unscored(manifest),
    id,
    plan: { ...manifest.plan, resolved },
    dataset: { ...manifest.dataset, fingerprint, images: images.length },
    status: {
      ...manifest.status,
      state: "done",
      images: size.images,
      rows: size.rows,
      rowsSha256: await hashOf(rowsFile(folder)),
      latencySha256: await hashOf(latencyFile(folder)),
    },
  });
  return { id, ...size };
}

/** Returns the manifest without scores: those that it has are of other rows. */
function unscored({ scores: _, scored: __, ...rest }: Manifest): Manifest {
  return rest;
}

/** Writes the rows of each copy behind those of the one before it, and returns how many images and rows they are. */
async function writeCopies(
  { id, folder }: StoredRun,
  to: string,
  { copied, copies }: { readonly copied: CopiedIds; readonly copies: readonly number[] },
): Promise<Size> {
  let images = 0;
  let rows = 0;
  for (const copy of copies)
    for await (const each of readImages(rowsFile(folder))) {
      await appendFile(to, copiedText(id, each, { copied, copy }));
      images += 1;
      rows += each.rows.length;
    }
  return { images, rows };
}

function copiedText(
  run: string,
  { image, rows, place: { everythingMs, everythingStages, photo } }: FinishedImage,
  { copied, copy }: { readonly copied: CopiedIds; readonly copy: number },
): string {
  const ownImage = copied.image(image, copy);
  const moved = rows.map((row): Row => {
    if (row.kind === "failure") return { ...row, image: ownImage };
    const target = copied.annotation(row.target, { image, copy });
    if (target !== undefined) return { ...row, image: ownImage, target };
    throw new HarnessError(`${run}: the targets of ${row.prompts} are no annotations`, {
      hint: "give runs whose prompts are made of annotations",
    });
  });
  return imageText(ownImage, moved, { everythingMs, everythingStages, photo });
}
