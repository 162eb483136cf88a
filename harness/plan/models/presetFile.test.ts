import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPresetFile } from "./presetFile.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const fileOf = (text: string) => {
  const file = join(folder, "preset.json");
  writeFileSync(file, text);
  return file;
};

test("a preset file stands for the id in it", () => {
  expect(readPresetFile(fileOf('{"id": "sparsevit/sam-nano/0-0.5-0-0.5", "seed": 0}'))).toBe(
    "sparsevit/sam-nano/0-0.5-0-0.5",
  );
});

test("another file is no preset file", () => {
  for (const text of ["not JSON", "[]", "null", '{"id": 3}'])
    expect(() => readPresetFile(fileOf(text))).toThrow("preset.json: is no preset file");
  expect(() => readPresetFile(join(folder, "missing.json"))).toThrow("missing.json: no such file");
});
