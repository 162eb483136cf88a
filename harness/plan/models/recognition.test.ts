import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadRegistry } from "../plugins/registry.ts";
import { datasetOfFolder, folderNames } from "./recognition.ts";

const registry = await loadRegistry();
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "recognition-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), "");
  }
}

test.each([
  ["coco", ["val2017/1.jpg", "annotations/instances_val2017.json"]],
  ["coco", ["1.jpg", "coco.json", "lvis.json"]],
  ["lvis", ["1.jpg", "lvis_v1_val.json"]],
  ["folder", ["images/a.jpg", "masks/a.png"]],
  ["unlabelled", ["images/a.jpg"]],
  ["unlabelled", ["a.WEBP", "package.json"]],
])("%s: %j", async (dataset, names) => {
  write(...names);
  expect(await datasetOfFolder(registry, root)).toBe(dataset);
});

test("a folder that no data set takes is refused with the layouts that there are", async () => {
  write("notes.txt", "masks/a.png", "deep/er/a.jpg", ".hidden/a.jpg");
  const refusal = `--data ${root}: no photos and no annotations that are recognised (expected a layout of coco, folder, lvis, unlabelled`;
  await expect(datasetOfFolder(registry, root)).rejects.toThrow(refusal);
  await expect(datasetOfFolder(registry, join(root, "absent"))).rejects.toThrow("are recognised");
});

test("a look at a folder goes one level down, and past hidden and installed files", async () => {
  write("a.jpg", "b/c.jpg", "b/d/e.jpg", ".git/config", "node_modules/x.jpg");
  expect(await folderNames(root)).toEqual({ files: ["a.jpg"], folders: new Map([["b", ["c.jpg"]]]) });
});
