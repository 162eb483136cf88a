import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readAnnotations, readDetections } from "../coco/index.ts";
import { readImage, readLabelPng } from "../image/index.ts";
import { parseCounts } from "../mask/index.ts";
import { openSession } from "../onnx/index.ts";
import { readRun } from "../store/store.ts";
import { attacks } from "./attacks/index.ts";
import type { Parser } from "./parser.ts";
import { readTensors } from "./tensors.ts";

const corpus = fileURLToPath(new URL("corpus", import.meta.url));

const readers: readonly Omit<Parser, "seeds" | "describe">[] = [
  { id: "pth", cases: 4500, read: readTensors },
  { id: "safetensors", cases: 6000, read: readTensors },
  {
    id: "onnx",
    cases: 1800,
    async read(bytes, folder) {
      const session = await openSession(write(folder, "graph.onnx", bytes), { provider: "cpu", threads: 1 });
      await session.close();
    },
  },
  {
    id: "annotations",
    cases: 2000,
    async read(bytes, folder) {
      const { images, annotationsOf } = await readAnnotations(write(folder, "instances.json", bytes));
      for (const { id, size } of images)
        for (const { mask } of annotationsOf(id)) requireFilled(mask.counts, size.height * size.width);
    },
  },
  {
    id: "detections",
    cases: 3000,
    async read(bytes, folder) {
      for (const { score, mask } of await readDetections(write(folder, "detections.json", bytes))) {
        // 1e999 is a number of JSON, and the best score of all for pycocotools too.
        if (Number.isNaN(score)) throw new Error(`a score of ${score}`);
        if (mask !== undefined) requireFilled(mask.counts, mask.size.height * mask.size.width);
      }
    },
  },
  {
    id: "rle",
    cases: 60_000,
    async read(bytes) {
      const size = { height: 61, width: 43 };
      requireFilled(parseCounts(bytes.toString("latin1"), size).counts, size.height * size.width);
    },
  },
  {
    id: "photo",
    cases: 3000,
    async read(bytes, folder) {
      const { size, pixels } = await readImage(write(folder, "photo", bytes));
      if (pixels.length !== size.height * size.width * 3) throw new Error(`${pixels.length} bytes of pixels`);
    },
  },
  {
    id: "mask-png",
    cases: 4500,
    async read(bytes, folder) {
      const { size, labels } = await readLabelPng(write(folder, "mask.png", bytes));
      if (labels.length !== size.height * size.width) throw new Error(`${labels.length} labels`);
    },
  },
  {
    id: "results",
    cases: 2000,
    // The bytes are the three files of a run, one after the other, with a line of their own between them.
    async read(bytes, folder) {
      const [manifest = "", rows = "", latency = ""] = bytes.toString("latin1").split("\n=====\n");
      const run = join(folder, "run");
      mkdirSync(run, { recursive: true });
      const files = { "manifest.json": manifest, "rows.jsonl": rows, "latency.jsonl": latency };
      for (const [name, text] of Object.entries(files)) writeFileSync(join(run, name), text, "latin1");
      const stored = await readRun(folder, "run");
      for await (const row of stored.rows()) if (!Number.isInteger(row.image)) throw new Error(`image ${row.image}`);
      await stored.latency();
    },
  },
];

/** Readers of files that are mutated. */
const mutating: readonly Parser[] = readers.map((reader) => ({
  ...reader,
  describe: `files of corpus/${reader.id}, mutated`,
  seeds() {
    const folder = join(corpus, reader.id);
    const names = readdirSync(folder).sort();
    return names.map((name) => readFileSync(join(folder, name)));
  },
}));

/** Readers of files that are drawn. */
const drawing: readonly Parser[] = attacks.map((attack) => ({ ...attack, seeds: () => [] }));

export const parsers: readonly Parser[] = [...mutating, ...drawing];

function write(folder: string, name: string, bytes: Buffer): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

function requireFilled(counts: Uint32Array, pixels: number): void {
  const filled = counts.reduce((sum, run) => sum + run, 0);
  if (filled !== pixels) throw new Error(`runs of ${filled} pixels in a mask of ${pixels}`);
}
