import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { filesIn, hashesFile, isWhole, writeWholeFolder } from "./wholeFolder.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "whole-"));
});
afterEach(() => rmSync(place, { recursive: true }));

test("files in folders of a folder have a hash too, and one that is damaged is found", async () => {
  const folder = join(place, "model");
  await writeWholeFolder(folder, (partial) => {
    mkdirSync(join(partial, "onnx"));
    writeFileSync(join(partial, "onnx", "encoder.onnx"), "graph");
    writeFileSync(join(partial, "config.json"), "{}");
  });
  expect(filesIn(folder)).toEqual(["config.json", "onnx/encoder.onnx"]);
  expect(Object.keys(JSON.parse(readFileSync(join(folder, hashesFile), "utf8")))).toEqual(filesIn(folder));
  expect(await isWhole(folder)).toBe(true);
  writeFileSync(join(folder, "onnx", "encoder.onnx"), "other");
  expect(await isWhole(folder)).toBe(false);
});
