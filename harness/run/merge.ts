import { join } from "node:path";
import type { ImageId } from "../api.ts";
import { readInstallation } from "../build/installation.ts";
import { HarnessError } from "../errors.ts";
import type { Warning } from "../measure/drift.ts";
import type { ScoreBook } from "../protocols/index.ts";
import { protocolOfRun } from "../results/knownProtocol.ts";
import { needsAnnotations, noScores, type Scoring, scoresOf, scoresRecord } from "../results/scores/scores.ts";
import { rowName } from "../store/rowName.ts";
import { type ImagePlace, readImage } from "../store/rows.ts";
import type { Manifest } from "../store/schema.ts";
import { openRun, type Run, readRun, type StoredRun } from "../store/store.ts";
import { providerWarnings, worstError } from "./providerCheck.ts";
import { failureWarnings, isTimed } from "./runner.ts";
import { placesOf, type ShardRun, type WholeRun } from "./shardRuns.ts";

interface MergeRequest {
  readonly book: ScoreBook;
  /** The results folder that merged runs are written into. */
  readonly out: string;
  /** Opens the annotations that figures of a run need. Returns nothing where the user names none. */
  truthOf(whole: Manifest): Promise<Scoring["dataset"] | undefined>;
  progress(done: number, total: number, variant: string): void;
  readonly notice: (text: string) => void;
}

/**
 * Writes the run that the same plan without shards would have been: it has the same id, its images stand in the dataset's order,
 * and their rows are unchanged. Latency is left out: `bench run --phase latency` adds it to this run on one machine. A merge that
 * was killed goes on where it was.
 */
export async function mergeRun(whole: WholeRun, request: MergeRequest): Promise<StoredRun> {
  const manifest = manifestOf(whole);
  const truth = await requiredTruth(manifest, request);
  const sources = await rowSources(whole);
  const run = await openRun(request.out, manifest, { notice: request.notice });
  try {
    const images = whole.images.filter((image) => sources.has(image));
    for (const [done, image] of images.entries()) {
      if (!run.finishedImages().has(image)) {
        const { file, place } = sources.get(image)!;
        // The seconds of an image are left out: they are those of one machine, and the shards' machines may differ.
        const { photo } = place;
        await run.append(image, await readImage(file, place), { photo });
      }
      request.progress(done + 1, images.length, rowName(manifest));
    }
    await run.update(await finished(run, { whole, manifest, truth, book: request.book }));
  } finally {
    await run.close();
  }
  return readRun(request.out, run.id);
}

interface RowSource {
  readonly file: string;
  readonly place: ImagePlace;
}

async function rowSources({ shards, images }: WholeRun): Promise<ReadonlyMap<ImageId, RowSource>> {
  const sources = new Map<ImageId, RowSource>();
  for (const shard of shards)
    for (const [image, place] of await placesOf(shard, images))
      sources.set(image, { file: join(shard.folder, "rows.jsonl"), place });
  return sources;
}

async function requiredTruth(manifest: Manifest, request: MergeRequest): Promise<Scoring["dataset"] | undefined> {
  if (manifest.weights.source === "seeded" || !needsAnnotations(manifest, request.book)) return undefined;
  const truth = await request.truthOf(manifest);
  if (truth !== undefined) return truth;
  throw new HarnessError(`${manifest.id}: average precision and recall are of the whole, and need the annotations`, {
    hint: "--data DIR, as in bench run, or --annotations FILE",
  });
}

interface Ending {
  readonly whole: WholeRun;
  readonly manifest: Manifest;
  readonly truth: Scoring["dataset"] | undefined;
  readonly book: ScoreBook;
}

async function finished(run: Run, { whole, manifest, truth, book }: Ending) {
  const { rounds } = whole.resolved.latency as { readonly rounds: number };
  const prompts = Object.entries(manifest.protocols).map(([name, id]) => ({ prompts: name, protocol: { id } }));
  const scores =
    truth === undefined ? noScores : await scoresOf(run, { prompts, dataset: truth, seed: manifest.seed, book });
  const sealed = await run.sealed();
  const timed = manifest.variant.role === "floor" || (await isTimed(run, rounds));
  return {
    ...scoresRecord(scores, sealed, readInstallation().sources),
    merged: manifest.merged!,
    status: {
      state: "done" as const,
      ...sealed,
      only: timed ? undefined : ("accuracy" as const),
    },
    warnings: [
      ...run.manifest.warnings.filter(({ about }) => about !== "images" && about !== "shards" && about !== "provider"),
      ...providerWarnings(manifest.runtime),
      ...(await failureWarnings(run)),
      ...mixedProcessors(manifest.merged!.cpus),
      ...untimedEverything(manifest, book),
    ],
  };
}

function mixedProcessors(cpus: readonly string[]): Warning[] {
  if (cpus.length < 2) return [];
  const text = `the shards ran on ${cpus.length} kinds of processor (${cpus.join("; ")}), whose sums may differ in the last bit: a pixel of a mask may too. Ask for one kind of node to get the rows of one machine.`;
  return [{ about: "shards", text }];
}

/** Warns that a merged run has no seconds of everything mode: the latency phase does not measure them, it prompts with boxes. */
export function untimedEverything(run: Pick<Manifest, "id" | "protocols">, book: ScoreBook): Warning[] {
  const names = Object.entries(run.protocols)
    .filter(([, id]) => ["grid", "nothing"].includes(protocolOfRun(run, id, book).prompted))
    .map(([name]) => name);
  if (names.length === 0) return [];
  const text = `seconds an image of ${names.join(", ")} are not taken over, because the shards' machines may differ; bench table --all --results SHARDS shows those of each.`;
  return [{ about: "shards", text }];
}

/** Returns the first shard's manifest without what makes it a shard and without one machine's measurements. */
function manifestOf({ id, resolved, images, shards }: WholeRun): Manifest {
  const { shard, modelMemory, harnessMemory, gpuMemory, promptsPerSecond, scores, scored, ...first } =
    shards[0]!.manifest;
  const providerError = worstError(shards.flatMap(({ manifest }) => manifest.runtime.providerError ?? []));
  const cpus = new Set(shards.map(({ manifest }: ShardRun) => manifest.environment.cpu.model));
  return {
    ...first,
    id,
    status: { state: "running" },
    warnings: first.warnings.filter(({ about }) => about.endsWith(" calibration")),
    plan: { asPassed: first.plan.asPassed, resolved },
    dataset: { ...first.dataset, images: images.length },
    runtime: { ...first.runtime, providerError },
    merged: { runs: shards.map(({ manifest }) => manifest.id), cpus: [...cpus].sort() },
  };
}
