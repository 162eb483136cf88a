import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { openTensorArchive, readTensorArchive, type TensorArchive } from "./archive.ts";
import { type ByteSource, memorySource } from "./source.ts";

interface Expected {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly value: readonly (number | boolean)[];
}

const folder = fileURLToPath(new URL("fixtures/", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "weights-"));
const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as Record<string, Expected>;

afterAll(() => rmSync(scratch, { recursive: true }));

test.each([
  ["plain.pth", "zip", ""],
  ["training.pth", "zip", "model"],
  ["dataparallel.pth", "zip", "module."],
  ["legacy.pth", "legacy", ""],
  ["plain.safetensors", "safetensors", ""],
])("%s has PyTorch's values in every element type, view and shape", async (file, format, nesting) => {
  const archive = await openTensorArchive(join(folder, file));
  expect([archive.format, archive.nesting]).toEqual([format, nesting]);
  expect([...archive.tensors.keys()].sort()).toEqual(Object.keys(expected).sort());
  for (const [name, { dtype, shape, value }] of Object.entries(expected)) {
    expect(archive.tensors.get(name)).toEqual({ name, dtype, dims: shape });
    expect([...archive.values(name)], name).toEqual(value.map(Number));
    expect([...archive.read(name)], name).toEqual(value.map((number) => Math.fround(Number(number))));
  }
  archive.close();
});

test("parameters are told from buffers where the file tells them", async () => {
  const archive = await openTensorArchive(join(folder, "parameters.pth"));
  expect([...archive.tensors.values()]).toEqual([
    { name: "weight", dtype: "float32", dims: [3, 4], parameter: true },
    { name: "bias", dtype: "float32", dims: [3], parameter: true },
  ]);
  expect(archive.read("bias")).toEqual(
    Float32Array.of(0.017344724386930466, -0.00990917719900608, 0.09562871605157852),
  );
  archive.close();
});

test.each([
  ["evil_system.pth", "refused, because its pickle names the global posix.system"],
  ["evil_eval.pth", "refused, because its pickle names the global builtins.eval"],
  ["truncated.pth", "the zip directory is damaged or cut off"],
  ["short_storage.pth", "weight a_weight is larger than its storage (found 10 bytes, expected 160 bytes"],
  ["not_a_checkpoint.pth", "is not a checkpoint (found a text file"],
  ["empty.pth", "the file is empty"],
  ["absent.pth", "no such file"],
  ["", "is a folder"],
])("%s is refused by name, with a hint", async (file, message) => {
  const path = join(folder, file);
  const error = await refusal(openTensorArchive(path));
  expect(error.message).toContain(`${path}: ${message}`);
  expect(error.hint).toBeTruthy();
});

test("a file that would run code runs none", async () => {
  const here = process.cwd();
  process.chdir(scratch);
  try {
    for (const file of ["evil_system.pth", "evil_eval.pth"]) {
      copyFileSync(join(folder, file), join(scratch, file));
      expect((await refusal(openTensorArchive(file))).hint).toContain("would run code");
    }
  } finally {
    process.chdir(here);
  }
  expect(readdirSync(scratch).sort()).toEqual(["evil_eval.pth", "evil_system.pth"]);
  expect(existsSync("pwned-by-checkpoint")).toBe(false);
});

test.each([
  ["\x89HDF\r\n\x1a\n rest", "HDF5"],
  ["GGUF\x03\x00\x00\x00", "GGUF"],
  ["\x08\x08\x12\x07pytorch", "ONNX"],
  ["version https://git-lfs.github.com/spec/v1\n", "Git LFS"],
  ["<!DOCTYPE html><html>", "web page"],
  ["\x1f\x8b\x08\x00", "gzip"],
  [`${"\0".repeat(257)}ustar`, "tar archive"],
  ["\xff\x00\xff\x00", "first bytes ff00ff00"],
])("a foreign file is called what it is (%#: %s)", async (bytes, name) => {
  const error = await refusal(readTensorArchive(memorySource("x.pth", Buffer.from(bytes, "latin1"))));
  expect(error.message).toContain(name);
});

test("an ONNX file is refused with the flag that runs it", async () => {
  const error = await refusal(readTensorArchive(memorySource("x.onnx", Buffer.from("\x08\x08\x12\x07pytorch"))));
  expect(error.hint).toContain("--variant-files mine=FILE.onnx");
});

test("every cut of every form is refused, and never read as something else", async () => {
  for (const file of ["plain.pth", "legacy.pth", "plain.safetensors"]) {
    const bytes = readFileSync(join(folder, file));
    for (let length = 0; length < bytes.length; length += 7) {
      const error = await refusal(readTensorArchive(memorySource(file, bytes.subarray(0, length))));
      expect(error.message).toContain(file);
    }
  }
});

test("opening reads no weight, and taking one reads its own bytes alone", async () => {
  for (const file of ["plain.pth", "legacy.pth", "plain.safetensors"]) {
    const { source, reads } = counted(file);
    const archive = await readTensorArchive(source);
    reads.length = 0;
    archive.read("a_weight");
    archive.read("view");
    // view is rows 2 to 6, columns 3 to 8 of a [10, 12] storage: 54 elements from its first to its last.
    expect(reads).toEqual([160, file === "plain.safetensors" ? 120 : 216]);
  }
});

test("a contiguous float32 tensor is read straight into its own array", async () => {
  const { source, targets } = counted("plain.pth");
  const archive = await readTensorArchive(source);
  expect(archive.read("shared_b").buffer).not.toBe(archive.read("shared_b").buffer);
  const weight = archive.read("a_weight");
  expect(targets.at(-1)).toBe(weight.buffer);
});

test("a file that shrinks after it was opened is an error, not zeros", async () => {
  const path = join(scratch, "shrinking.pth");
  copyFileSync(join(folder, "plain.pth"), path);
  const archive = await openTensorArchive(path);
  writeFileSync(path, "");
  expect(() => archive.read("a_weight")).toThrow("the file is cut off");
  archive.close();
  expect(() => archive.read("a_weight")).toThrow("read after close");
  rmSync(path);
});

function counted(file: string): { source: ByteSource; reads: number[]; targets: ArrayBufferLike[] } {
  const whole = memorySource(file, readFileSync(join(folder, file)));
  const reads: number[] = [];
  const targets: ArrayBufferLike[] = [];
  const readInto: ByteSource["readInto"] = (target, offset) => {
    reads.push(target.length);
    targets.push(target.buffer);
    whole.readInto(target, offset);
  };
  return { source: { ...whole, readInto }, reads, targets };
}

async function refusal(opening: Promise<TensorArchive>): Promise<HarnessError> {
  const error = await opening.then(
    (archive) => new Error(`${archive.file} was opened`),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HarnessError);
  return error as HarnessError;
}
