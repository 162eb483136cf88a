import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Dataset } from "../api.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { data } from "./data.ts";
import { memoryConsole } from "./fixtures/bench.ts";

const newFolder = () => join(mkdtempSync(join(tmpdir(), "data-")), "scenes");

async function write(args: Readonly<Record<string, unknown>>): Promise<string> {
  const console = memoryConsole();
  expect(await data.run({ dataset: "shapes", seed: 1, count: 3, ...args }, console)).toBe(0);
  return console.said.out;
}

async function open(id: string, options: { readonly data?: string; readonly limit?: number }): Promise<Dataset> {
  const { datasets } = await loadRegistry();
  return datasets.get(id)!.open({ seed: 1, ...options });
}

test("what is written out is read back as coco and as lvis with the same masks", async () => {
  const out = newFolder();
  const said = await write({ out });
  expect(readdirSync(out).sort()).toEqual(["coco.json", "images", "lvis.json"]);
  const drawn = await open("shapes", { limit: 3 });
  const total = drawn.images.reduce((sum, { id }) => sum + drawn.annotationsOf(id).length, 0);
  expect(said).toBe(`${out}: 3 images, ${total} annotations, coco.json and lvis.json\n`);
  for (const plugin of ["coco", "lvis"]) {
    const read = await open(plugin, { data: out });
    expect(read.warnings).toEqual([]);
    for (const { id, size } of drawn.images) {
      // A file keeps the area of the box as it writes it, too: scores of boxes go by it.
      expect(read.annotationsOf(id)).toMatchObject(drawn.annotationsOf(id));
      const photo = await read.read(id);
      const original = await drawn.read(id);
      expect(photo.size).toEqual(size);
      const error = photo.pixels.reduce((sum, value, i) => sum + Math.abs(value - original.pixels[i]!), 0);
      // JPEG of quality 95 with halved chroma, on noisy pictures.
      expect(error / photo.pixels.length).toBeLessThan(12);
    }
  }
});

test("a folder that holds a dataset is left alone", async () => {
  const out = newFolder();
  await write({ out, count: 1 });
  await expect(write({ out, count: 2 })).rejects.toThrow(`${out}: holds a dataset already`);
  expect(readdirSync(join(out, "images"))).toHaveLength(1);
});

test("bad numbers, a missing folder and unknown datasets are refused before anything is written", async () => {
  const out = newFolder();
  await expect(write({ out, count: 0 })).rejects.toThrow(
    "--count: must be a whole number (found 0, expected at least 1)",
  );
  await expect(write({ out, seed: 0.5 })).rejects.toThrow("--seed: must be a whole number (found 0.5");
  await expect(write({ out, dataset: "shape" })).rejects.toThrow("unknown dataset: shape; did you mean shapes?");
  await expect(write({ out, dataset: "photos" })).rejects.toThrow(
    "dataset photos: is photo files already, and is not written anew",
  );
  await expect(write({})).rejects.toThrow("--out: a folder is needed");
  expect(existsSync(out)).toBe(false);
});
