import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatCounts, rleFromBox } from "../../mask/index.ts";
import { normal, random } from "../../stats/random.ts";
import { planId } from "../../store/canonical.ts";
import { latencyFile, rowsFile } from "../../store/damage.ts";
import type { LatencyTurn } from "../../store/latency.ts";
import { writeManifest } from "../../store/manifest.ts";
import { imageText } from "../../store/rows.ts";
import type { PredictionRow } from "../../store/schema/rowSchema.ts";
import { type Manifest, schemaVersion } from "../../store/schema.ts";

/** How many runs are drawn and of what size. A run has a row for each target of each image and each of its three prompts. */
export interface DrawnRuns {
  readonly runs: number;
  /** Number of checkpoints; their runs are as many or one more of each. */
  readonly checkpoints: number;
  readonly images: number;
  readonly targets: number;
  readonly rounds: number;
  readonly seed: number;
}

const protocols = { box: "miou-gtbox-argmax", "1p": "miou-random-points", "3p": "miou-random-points" };
const size = { height: 480, width: 640 };

/** Stores finished runs as `bench run` leaves them, of the checkpoints of one training, and returns their ids in that order. */
export async function drawRuns(results: string, drawn: DrawnRuns): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let run = 0; run < drawn.runs; run++) ids.push(await drawRun(results, run, drawn));
  return ids;
}

async function drawRun(results: string, run: number, drawn: DrawnRuns): Promise<string> {
  const checkpoint = run % drawn.checkpoints;
  const rows = rowsText(run, drawn);
  const latency = latencyText(run, drawn);
  const status = {
    state: "done" as const,
    images: drawn.images,
    rows: drawn.images * drawn.targets * Object.keys(protocols).length,
    rowsSha256: sha256(rows),
    latencySha256: sha256(latency),
  };
  const manifest = manifestOf({ run, checkpoint, status, drawn });
  const folder = join(results, manifest.id);
  await mkdir(folder, { recursive: true });
  await writeFile(rowsFile(folder), rows);
  await writeFile(latencyFile(folder), latency);
  await writeManifest(folder, manifest);
  return manifest.id;
}

function rowsText(run: number, { images, targets, seed }: DrawnRuns): string {
  const noise = random(seed, "drawn runs", run);
  const level = 0.4 + 0.1 * noise.next();
  return Array.from({ length: images }, (_, i) => {
    const rows = Object.entries(protocols).flatMap(([prompts, protocol]) =>
      Array.from({ length: targets }, (_, target) =>
        rowOf({ image: i + 1, target, prompts, protocol, iou: level + 0.05 * normal(noise) }),
      ),
    );
    return imageText(i + 1, rows);
  }).join("");
}

interface DrawnRow {
  readonly image: number;
  readonly target: number;
  readonly prompts: string;
  readonly protocol: string;
  readonly iou: number;
}

function rowOf({ image, target, prompts, protocol, iou }: DrawnRow): PredictionRow {
  const kept = Math.min(1, Math.max(0, iou));
  const box = { x0: 10 + target, y0: 20, x1: 60 + 3 * target, y1: 70 + image };
  return {
    kind: "prediction",
    image,
    target: 100 * image + target,
    category: 1 + (target % 5),
    prompts,
    protocol,
    step: 1,
    token: 1,
    predictedIou: kept,
    iou: kept,
    areaPx: [500, 5000, 50_000][target % 3]!,
    crowd: false,
    mask: { size, counts: formatCounts(rleFromBox(box, size)) },
    prompt: { points: [], box },
  };
}

function latencyText(run: number, { rounds, seed }: DrawnRuns): string {
  const noise = random(seed, "drawn latency", run);
  const turns = Array.from({ length: rounds }, (_, round): LatencyTurn => {
    const encodeMs = 36 * Math.exp(0.04 * normal(noise));
    return {
      kind: "turn",
      session: `run ${run}`,
      round,
      turn: 0,
      prepareMs: [1],
      encodeMs: [encodeMs],
      decodeMs: [encodeMs / 10, encodeMs / 10],
      upscaleMs: [3],
      batches: [{ prompts: 16, durationMs: encodeMs / 2 }],
    };
  });
  return turns.map((turn) => `${JSON.stringify(turn)}\n`).join("");
}

interface DrawnManifest {
  readonly run: number;
  readonly checkpoint: number;
  readonly status: Manifest["status"];
  readonly drawn: DrawnRuns;
}

function manifestOf({ run, checkpoint, status, drawn }: DrawnManifest): Manifest {
  const weights = sha256(`weights of checkpoint ${checkpoint}`);
  const images = Array.from({ length: drawn.images }, (_, i) => i + 1);
  const resolved = {
    weights,
    protocols,
    run,
    seed: drawn.seed,
    dataset: { id: "drawn", fingerprint: "drawn", images },
  };
  return {
    schema: schemaVersion,
    id: planId("sam-nano", resolved),
    createdAt: new Date(Date.UTC(2024, 0, 1) + 60_000 * run).toISOString(),
    status,
    plan: { asPassed: ["run", "--variants", "sam-nano"], resolved },
    variant: {
      id: "sam-nano",
      name: `sam-nano:step-${checkpoint}`,
      title: "SAM nano",
      paper: { title: "Segment Anything", arxiv: "2304.02643", year: 2023 },
      size: "nano",
      notes: [],
    },
    weights: {
      source: "checkpoint",
      label: `step-${checkpoint}`,
      file: `step-${checkpoint}.safetensors`,
      sha256: weights,
    },
    dataset: { id: "drawn", fingerprint: "drawn", images: drawn.images, warnings: [] },
    protocols,
    seed: 1,
    hashes: { graph: { encoder: weights, decoder: weights }, pipeline: weights },
    runtime: { provider: "cpu", threads: 2, onnxruntime: "1.30.0", graphOptimization: "all", spinning: false },
    environment: {
      cpu: { model: "a drawn processor", cores: 2, flags: [] },
      memory: { totalBytes: 8e9, freeBytes: 4e9 },
      limits: {},
      os: { platform: "linux", arch: "x64", kernel: "6.1" },
      node: "20.20.2",
      virtual: [],
    },
    graphs: {
      parameters: 1e6,
      constants: 1e6,
      constantBytes: 4e6,
      fileBytes: 4.1e6,
      referenceGmacs: { encode: 1.21, decode: 0.031 },
      executedGmacs: { encode: 1.3, decode: 0.031 },
    },
    modelMemory: { load: 100e6, encode: 197e6, decode: 120e6 },
    warnings: [],
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
