import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ModelInput, OnnxGraph, RawVariant } from "../../harness/api.ts";
import { prepare, readImage } from "../../harness/image/index.ts";
import { areaOf, formatCounts } from "../../harness/mask/index.ts";
import { writeGraph } from "../../harness/onnx/index.ts";
import { shared } from "../../harness/shared.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { type Detection, detect } from "./detections.ts";
import golden from "./fixtures/photos.json" with { type: "json" };
import { masksOf } from "./masks.ts";
import fastsam from "./variant.ts";

/** Record of what ultralytics' predictor makes of a photo, on seeded weights. */
interface Photo {
  readonly image: number;
  /** Height and width. */
  readonly input: readonly number[];
  readonly sha256: string;
  readonly n: number;
  readonly boxes: readonly (readonly number[])[];
  readonly scores: readonly number[];
  readonly areas_px: readonly number[];
  readonly masks: readonly string[];
}

const preset = fastsam.presets.find(({ id }) => id === "fastsam-s")!;

let folder: string;
let raw: RawVariant;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  const files: Record<string, string> = {};
  const write = async (name: string, graph: OnnxGraph) => {
    files[name] = writeGraph({ ...graph, name }, folder);
  };
  await fastsam.build({ preset, checkpoint: seededCheckpoint(), graph: "fused", out: { write } });
  raw = await fastsam.loadRaw(files, { provider: "cpu", threads: 2 });
});
afterAll(async () => {
  await raw.close();
  rmSync(folder, { recursive: true });
});

test.each(golden.photos)("photo $image is prepared and segmented as by ultralytics' predictor", async (expected) => {
  await expectSame(fileURLToPath(new URL(`fixtures/${expected.file}`, import.meta.url)), expected);
});

describe.skipIf(shared === undefined)("all five photos", () => {
  const read = () => readFileSync(join(shared!, "fixtures", "pipeline", "fastsam_photos.json"), "utf8");
  const photos = shared === undefined ? [] : (JSON.parse(read()) as { photos: Photo[] }).photos;
  test.each(photos)("photo $image", async (expected) => {
    const name = `${String(expected.image).padStart(12, "0")}.jpg`;
    await expectSame(join(shared!, "realset", "images", name), expected);
  });
});

/**
 * Compares a photo's detections and masks with the predictor's. Scores lie closer together than float32 sums in another order,
 * so each detection is searched for, whatever its place.
 */
async function expectSame(file: string, expected: Photo): Promise<void> {
  const input = prepare(await readImage(file), preset.input);
  expect(input.tensor.dims).toEqual([1, 3, ...expected.input]);
  expect(createHash("sha256").update(bytesOf(input)).digest("hex")).toBe(expected.sha256);
  const { boxes, scores, coefficients, prototypes } = await raw.encode(input.tensor);
  const found = detect({ boxes: boxes!, scores: scores! }, input.geometry);
  const masks = masksOf(found, { coefficients: coefficients!, prototypes: prototypes! }, input.geometry);
  expect(masks.filter((mask) => areaOf(mask) > 0)).toHaveLength(expected.n);
  const places = expected.boxes.map((box, i) => found.findIndex((each) => isSame(each, box, expected.scores[i]!)));
  expect(places.filter((place) => place >= 0).length).toBeGreaterThanOrEqual(0.98 * places.length);
  for (const [i, place] of places.entries()) {
    if (place < 0) continue;
    expect(Math.abs(areaOf(masks[place]!) - expected.areas_px[i]!)).toBeLessThanOrEqual(2);
    if (i < expected.masks.length) expect(formatCounts(masks[place]!)).toBe(expected.masks[i]);
  }
}

function isSame({ box, score }: Detection, [x0, y0, x1, y1]: readonly number[], expectedScore: number): boolean {
  const sides = [box.x0 - x0!, box.y0 - y0!, box.x1 - x1!, box.y1 - y1!];
  return Math.abs(score - expectedScore) < 1e-5 && sides.every((difference) => Math.abs(difference) < 0.05);
}

/** Returns the grey levels, row by row, of an input that holds 255ths of them. */
function bytesOf({ tensor: { data } }: ModelInput): Uint8Array {
  const plane = data.length / 3;
  return Uint8Array.from({ length: data.length }, (_, i) =>
    Math.round(data[(i % 3) * plane + Math.floor(i / 3)]! * 255),
  );
}
