import { cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { exampleManifest, examplePrediction } from "../../store/fixtures/run.ts";
import type { LatencyTurn } from "../../store/latency.ts";
import type { Row } from "../../store/schema/rowSchema.ts";
import { openRun, readRun, type StoredRun } from "../../store/store.ts";

/** Images of the plan; the rows are of the first four. */
export const planned = [1, 2, 3, 4, 5];

const manifest = exampleManifest({ dataset: { images: planned } });

/** Puts a fresh copy of a finished run of four images into `folder/results`. The run is written once a folder, as any run is. */
export async function storeFinishedRun(folder: string): Promise<StoredRun> {
  const original = join(folder, "original");
  const results = join(folder, "results");
  if (!existsSync(original)) await writeRun(original);
  rmSync(results, { recursive: true, force: true });
  cpSync(original, results, { recursive: true });
  return readRun(results, manifest.id);
}

async function writeRun(results: string): Promise<void> {
  const run = await openRun(results, manifest);
  for (const image of planned.slice(0, 4)) await run.append(image, rowsOf(image));
  for (const round of [0, 1]) await run.appendLatency(turn(round));
  await run.update({ status: { state: "done", ...(await run.sealed()) } });
  await run.close();
}

function rowsOf(image: number): readonly Row[] {
  if (image === 3) return [{ kind: "failure", image, message: "cut short" }];
  return Array.from({ length: image + 1 }, (_, target) => examplePrediction(image, target, (image + target) / 16));
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
