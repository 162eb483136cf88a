import { closeSync, openSync, statSync, utimesSync, writeSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { loadRegistry, type RegisteredVariant, variantOf } from "../../plan/plugins/registry.ts";
import { openTensorArchive, seededTensor } from "../../weights/index.ts";
import { seededFileOf } from "./seededFile.ts";

let nano: RegisteredVariant;
beforeAll(async () => {
  nano = variantOf(await loadRegistry(), "sam-nano");
});

async function expectSeeded(file: string): Promise<void> {
  const archive = await openTensorArchive(file);
  try {
    expect(archive.tensors.size).toBeGreaterThan(100);
    for (const [name, { dims }] of archive.tensors)
      expect(Buffer.from(archive.read(name).buffer).equals(Buffer.from(seededTensor(name, dims).buffer)), name).toBe(
        true,
      );
  } finally {
    archive.close();
  }
}

test("seeded weights are written as a file once, and hold what a graph of them holds", async () => {
  const file = await seededFileOf(nano);
  await expectSeeded(file);
  const before = statSync(file);
  expect(await seededFileOf(nano)).toBe(file);
  expect(statSync(file).ino).toBe(before.ino);
});

test("a scale is in the file's values, and a file without it is another one", async () => {
  const name = "image_encoder.neck.1.weight";
  const scaled = { ...nano.preset, seededScale: { prefix: "image_encoder.", suffix: "neck.1.weight", factor: 0.5 } };
  const file = await seededFileOf({ ...nano, preset: scaled });
  expect(file).not.toBe(await seededFileOf(nano));
  const archive = await openTensorArchive(file);
  const plain = seededTensor(name, archive.tensors.get(name)!.dims);
  expect(archive.read(name)).toEqual(plain.map((value) => value * 0.5));
  archive.close();
});

test("a file of seeded weights that is damaged is written again", async () => {
  const file = await seededFileOf(nano);
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, new Uint8Array([1, 2, 3, 4]), 0, 4, statSync(file).size - 4);
  closeSync(descriptor);
  utimesSync(file, new Date(), new Date(Date.now() + 5000));
  await expect(expectSeeded(file)).rejects.toThrow();
  await expectSeeded(await seededFileOf(nano));
});
