import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CalibrateContext, CalibrationNeed, Dataset, VariantManifest } from "../api.ts";
import { Stopped } from "../errors.ts";
import { loadRegistry, type RegisteredVariant, type Registry } from "../plan/plugins/registry.ts";
import { seededCheckpoint } from "../weights/index.ts";
import { type CalibrationRequest, calibrate, calibrationFor, calibrationRecord } from "./calibration.ts";
import { calibrationScenes } from "./calibrationScenes.ts";
import { pixelHash } from "./overlap.ts";

let store: string;
let registry: Registry;
let notes: string[];
beforeEach(async () => {
  notes = [];
  store = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  registry = await loadRegistry();
});
afterEach(() => rmSync(store, { recursive: true }));

const unused = () => Promise.reject(new Error("not called here"));

/** A method that learns the largest pixel and the number of boxes, over two passes through the images. */
async function learn(context: CalibrateContext) {
  let largest = 0;
  let boxes = 0;
  for await (const { input } of context.images()) largest = Math.max(largest, ...input.tensor.data.subarray(0, 999));
  for await (const { prompts } of context.images()) boxes += prompts.filter(({ frame }) => frame === "model").length;
  context.progress(1, 1, "learned");
  return { largest, boxes, side: context.options.side ?? "none" };
}

function method(need: Partial<CalibrationNeed> = {}): RegisteredVariant {
  const preset = {
    id: "learns/toy/a",
    calibration: { images: 2, automatic: true, ...need },
    input: { side: 64, fit: "pad", resize: "bilinear", padValue: 0, mean: [0, 0, 0], std: [1, 1, 1] },
  } as unknown as VariantManifest;
  const plugin = { presets: [preset], calibrate: learn, build: unused, load: unused, loadRaw: unused };
  return { preset, plugin, file: join(store, "variant.ts"), folder: store };
}

function request(variant: RegisteredVariant, weightsId = "seeded 1"): CalibrationRequest {
  return {
    variant,
    checkpoint: seededCheckpoint(),
    weightsId,
    registry,
    store,
    runtime: { provider: "cpu", threads: 1 },
    progress: () => undefined,
    note: (text) => notes.push(text),
    signal: new AbortController().signal,
  };
}

test("an automatic calibration runs on drawn scenes once, is stored, and is read the next time", async () => {
  const first = (await calibrationFor(request(method())))!;
  expect(first.dataset.images).toHaveLength(2);
  expect(first.values.largest).toBeGreaterThan(10);
  expect(first.values.boxes).toBeGreaterThan(2);
  const silent = { ...method(), plugin: { ...method().plugin, calibrate: unused } };
  const second = (await calibrationFor(request(silent)))!;
  expect(second).toEqual(first);
  expect(calibrationRecord(second)).toEqual(calibrationRecord(first));
  expect(readdirSync(store)).toEqual([expect.stringMatching(/^learns-toy-a-[0-9a-f]{12}\.json$/)]);
});

test("it learns from none of the scenes that a run can score, and keeps the hashes of those it learned from", async () => {
  const { imageHashes } = (await calibrationFor(request(method())))!;
  expect(new Set(imageHashes).size).toBe(2);
  const shapes = registry.datasets.get("shapes")!;
  // Seed 7001 is what small weights are trained on.
  for (const seed of [0, 1, 7001]) {
    const scored = await shapes.open({ seed, limit: 24 });
    for (const { id } of scored.images) expect(imageHashes).not.toContain(pixelHash(await scored.read(id)));
  }
});

test("scenes are drawn once for all methods that learn from them", async () => {
  const photosOf = async (weightsId: string) => {
    const photos: unknown[] = [];
    const seen = method();
    const calibrate = async (context: CalibrateContext) => {
      for await (const { input } of context.images()) photos.push(input.tensor.data[0]);
      return {};
    };
    await calibrationFor(request({ ...seen, plugin: { ...seen.plugin, calibrate } }, weightsId));
    return photos;
  };
  const shapes = registry.datasets.get("shapes")!;
  const open = vi.spyOn(shapes, "open");
  const first = await photosOf("one");
  expect(await photosOf("other")).toEqual(first);
  expect(open).toHaveBeenCalledOnce();
  const [scenes] = await Promise.all(open.mock.results.map(({ value }) => value as Promise<Dataset>));
  const { id } = scenes!.images[0]!;
  const kept = await calibrationScenes(registry, { seed: 0, images: 2 });
  expect(await kept.read(id)).toBe(await kept.read(id));
  expect((await kept.read(id)).pixels).toEqual((await scenes!.read(id)).pixels);
  const others = await calibrationScenes(registry, { seed: 1, images: 2 });
  expect(pixelHash(await others.read(others.images[0]!.id))).not.toBe(pixelHash(await kept.read(id)));
});

test("one that was made by itself on scenes that runs score is made again, with a word and its options", async () => {
  const dataset = await registry.datasets.get("shapes")!.open({ seed: 0, limit: 2 });
  await calibrate(request(method()), { dataset, seed: 0, options: { side: "left" } });
  const file = join(store, readdirSync(store)[0]!);
  const { imageHashes: _, sha256: __, ...old } = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify(old));
  // What the user has to start is the user's to repeat.
  const kept = (await calibrationFor(request(method({ automatic: false }))))!;
  expect(kept.dataset.fingerprint).toBe(dataset.fingerprint);
  expect(notes).toEqual([]);
  const again = (await calibrationFor(request(method())))!;
  expect(again.dataset.fingerprint).not.toBe(dataset.fingerprint);
  expect([again.imageHashes?.length, again.values.side]).toEqual([2, "left"]);
  expect(notes).toEqual([
    "learns/toy/a: its calibration was made on scenes that runs score, and is made again on others",
  ]);
});

test("other weights have a calibration of their own", async () => {
  await calibrationFor(request(method()));
  await calibrationFor(request(method(), "a file's sha256"));
  expect(readdirSync(store)).toHaveLength(2);
});

test("a stored calibration that is not of these weights is refused", async () => {
  await calibrationFor(request(method()));
  const file = join(store, readdirSync(store)[0]!);
  await calibrationFor(request(method(), "other weights"));
  const other = readdirSync(store).find((name) => !file.endsWith(name))!;
  copyFileSync(join(store, other), file);
  await expect(calibrationFor(request(method()))).rejects.toThrow(
    "a calibration of another variant or other weights (found learns/toy/a, other weights, expected learns/toy/a, seeded 1)",
  );
});

test("a stored calibration with one figure changed is made again, or refused where images of the user's made it", async () => {
  const first = (await calibrationFor(request(method())))!;
  const file = join(store, readdirSync(store)[0]!);
  writeFileSync(file, readFileSync(file, "utf8").replace(/"boxes":(\d+)/, '"boxes":1$1'));
  const given = request(method({ automatic: false }));
  await expect(calibrationFor(given)).rejects.toThrow(`${file}: not the calibration that was stored here`);
  expect(await calibrationFor(request(method()))).toEqual(first);
  expect(await calibrationFor(given)).toEqual(first);
});

test("a stored calibration with one bit flipped, wherever, is refused, and made again where nobody has to choose images", async () => {
  const first = (await calibrationFor(request(method())))!;
  const file = join(store, readdirSync(store)[0]!);
  const whole = readFileSync(file);
  const given = request(method({ automatic: false }));
  for (let at = 0; at < whole.length; at += 17) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1 << (at % 8);
    writeFileSync(file, flipped);
    await expect(calibrationFor(given)).rejects.toThrow(`${file}: not the calibration that was stored here`);
  }
  expect(await calibrationFor(request(method()))).toEqual(first);
  expect(readFileSync(file)).toEqual(whole);
});

test("a method that is not calibrated by itself names the command that does it; others need none", async () => {
  await expect(calibrationFor(request(method({ automatic: false })))).rejects.toThrow(
    "learns/toy/a: is not calibrated for these weights",
  );
  const plain = method();
  const { calibration: _, ...preset } = plain.preset;
  expect(await calibrationFor(request({ ...plain, preset }))).toBeUndefined();
});

test("no images are no calibration, and the method's options reach it", async () => {
  const shapes = registry.datasets.get("shapes")!;
  const dataset = await shapes.open({ seed: 3, limit: 1 });
  const stored = await calibrate(request(method()), { dataset, seed: 3, options: { side: "left" } });
  expect(stored.values.side).toBe("left");
  expect(calibrationRecord(stored)).toMatchObject({ dataset: "shapes", images: 1, seed: 3, options: { side: "left" } });
  const empty = { ...dataset, images: [] };
  await expect(calibrate(request(method()), { dataset: empty, seed: 0, options: {} })).rejects.toThrow(
    "dataset shapes: no image to calibrate on",
  );
});

test("a calibration that the user stops says so, whatever its method throws, and stores nothing", async () => {
  for (const own of [new Error("This operation was aborted"), new Error("learns/toy/a: no more images")]) {
    const stop = new AbortController();
    const variant = method();
    const calibrateOnce = async () => {
      stop.abort();
      throw own;
    };
    const stopped = { ...variant, plugin: { ...variant.plugin, calibrate: calibrateOnce } };
    const error = await calibrationFor({ ...request(stopped), signal: stop.signal }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Stopped);
    expect((error as Stopped).message).toBe("learns/toy/a: the calibration was stopped");
  }
  expect(readdirSync(store)).toEqual([]);
});
