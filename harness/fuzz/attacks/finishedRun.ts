import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { planId } from "../../store/canonical.ts";
import type { LatencyTurn } from "../../store/latency.ts";
import { type Manifest, type PredictionRow, parseManifest, type Row } from "../../store/schema.ts";
import { openRun, readRun, type StoredRun } from "../../store/store.ts";

const corpus = fileURLToPath(new URL("../corpus/results/run", import.meta.url));

/** Images of the plan; the rows are of the first four. */
export const planned = [1, 2, 3, 4, 5];

/** A fresh copy, in `folder/results`, of a run of four images that has ended; it is written once a folder, as a run writes itself. */
export async function storeFinishedRun(folder: string): Promise<StoredRun> {
  const original = join(folder, "original");
  const results = join(folder, "results");
  if (!existsSync(original)) await writeRun(original);
  rmSync(results, { recursive: true, force: true });
  cpSync(original, results, { recursive: true });
  return readRun(results, manifest().id);
}

async function writeRun(results: string): Promise<void> {
  const run = await openRun(results, manifest());
  for (const image of planned.slice(0, 4)) await run.append(image, rowsOf(image));
  for (const round of [0, 1]) await run.appendLatency(turn(round));
  await run.update({ status: { state: "done", ...(await run.sealed()) } });
  await run.close();
}

function manifest(): Manifest {
  const [text = ""] = readFileSync(corpus, "utf8").split("\n=====\n");
  // The example is of an earlier version, whose runs have no hashes.
  const { absent: _, ...example } = parseManifest(text, corpus);
  const resolved = { dataset: { images: planned } };
  return { ...example, id: planId(example.variant.id, resolved), plan: { ...example.plan, resolved } };
}

function rowsOf(image: number): readonly Row[] {
  if (image === 3) return [{ kind: "failure", image, message: "cut short" }];
  return Array.from({ length: image + 1 }, (_, target) => prediction(image, target));
}

function prediction(image: number, target: number): PredictionRow {
  return {
    kind: "prediction",
    image,
    target,
    category: 1,
    prompts: "box",
    protocol: "miou-gtbox-argmax",
    step: 1,
    token: 2,
    predictedIou: 0.75,
    iou: (image + target) / 16,
    areaPx: 100.5,
    crowd: false,
    mask: { size: { height: 480, width: 640 }, counts: "Q".repeat(20) },
    prompt: { points: [], box: { x0: 1, y0: 2, x1: 3.5, y1: 4 } },
  };
}

function turn(round: number): LatencyTurn {
  return {
    kind: "turn",
    round,
    turn: 0,
    image: 1,
    prepareMs: [1],
    encodeMs: [10.5],
    decodeMs: [2],
    upscaleMs: [0.5],
    batches: [{ prompts: 16, durationMs: 30 }],
    load: 0.5,
  };
}
