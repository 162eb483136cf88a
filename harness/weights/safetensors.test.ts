import { expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { readTensorArchive } from "./archive.ts";
import { memorySource } from "./source.ts";

const sound = { dtype: "F32", shape: [2], data_offsets: [0, 8] };

test("metadata is no tensor, and DataParallel's prefix is taken off", async () => {
  const archive = await open({ __metadata__: { format: "pt" }, "module.w": sound }, 8);
  expect([...archive.tensors.keys()]).toEqual(["w"]);
  expect(archive.nesting).toBe("module.");
});

test("a key named __proto__ is a weight like any other", async () => {
  const archive = await open(`{"__proto__":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8);
  expect([...archive.read("__proto__")]).toEqual([0, 0]);
});

test.each([
  ["one weight twice", `{"w":${JSON.stringify(sound)},"\\u0077":${JSON.stringify(sound)}}`, "names w twice"],
  ["a field twice", `{"w":{"dtype":"F32","dtype":"F64","shape":[1],"data_offsets":[0,8]}}`, "names dtype twice"],
  ["no JSON", `{"w":`, "is not JSON"],
  ["deep nesting", `{"w":${"[".repeat(100_000)}`, "is not JSON"],
  ["no entry", { w: null }, "weight w has an impossible shape or place"],
  ["a negative offset", { w: { ...sound, data_offsets: [-8, 0] } }, "impossible shape or place"],
  ["offsets that run backwards", { w: { ...sound, data_offsets: [8, 0] } }, "impossible shape or place"],
  ["a fractional shape", { w: { ...sound, shape: [0.5, 4] } }, "impossible shape or place"],
  ["a shape that is no list", { w: { ...sound, shape: { length: 1, 0: 2 } } }, "impossible shape or place"],
  ["a shape beyond all numbers", { w: { ...sound, shape: [1e300, 1e300] } }, "impossible shape or place"],
  ["a huge shape", { w: { ...sound, shape: [2 ** 40, 2 ** 40] } }, "has another size than its shape"],
  ["more shape than bytes", { w: { ...sound, shape: [3] } }, "found 8 bytes, expected 12 bytes"],
  ["an offset behind the end", { w: { ...sound, shape: [4], data_offsets: [0, 16] } }, "reaches behind the end"],
  ["an overlap", { a: sound, b: { ...sound, data_offsets: [0, 8] } }, "weight b overlaps another weight"],
  ["a hole", { a: { ...sound, shape: [1], data_offsets: [4, 8] } }, "weight a lies behind a hole"],
  ["bytes of nobody", { a: { ...sound, shape: [1], data_offsets: [0, 4] } }, "bytes that belong to no weight"],
  ["no type", { w: { ...sound, dtype: 8 } }, "weight w has no element type"],
  [
    "a shape nested without end",
    `{"w":{"dtype":"F32","shape":${"[".repeat(900_000)}${"]".repeat(900_000)},"data_offsets":[0,8]}}`,
    "impossible shape or place",
  ],
  ["no tensors", {}, "bytes that belong to no weight"],
])("%s is refused", async (_, header, message) => {
  const error = await open(header, 8).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HarnessError);
  expect((error as HarnessError).message).toContain("x.safetensors: ");
  expect((error as HarnessError).message).toContain(message);
});

test("a header that is longer than the file, or than any header, is refused before it is read", async () => {
  for (const length of [17n, 2n ** 40n, 2n ** 64n - 1n]) {
    const bytes = Buffer.alloc(24, "{");
    bytes.writeBigUInt64LE(length);
    await expect(readTensorArchive(memorySource("x.safetensors", bytes))).rejects.toThrow("does not fit in the file");
  }
  const long = Buffer.alloc(3 * 1024 * 1024, " ");
  long.writeBigUInt64LE(BigInt(long.length - 8));
  await expect(readTensorArchive(memorySource("x.safetensors", long))).rejects.toThrow("header is too long");
});

test("a type that is not read refuses the weight, not the file", async () => {
  const archive = await open(
    { w: { ...sound, dtype: "F8_E4M3", shape: [8] }, x: { ...sound, data_offsets: [8, 16] } },
    16,
  );
  expect(archive.tensors.get("w")).toEqual({ name: "w", dtype: "F8_E4M3", dims: [8], unreadable: true });
  expect([...archive.read("x")]).toEqual([0, 0]);
  expect(() => archive.read("w")).toThrow("weight w has an element type that is not read (found F8_E4M3)");
});

test("a header of any length is a header, whatever form its first bytes look like", async () => {
  const text = JSON.stringify({ w: sound });
  const lengths = Array.from({ length: 2000 }, (_, i) => text.length + i);
  // The first two bytes of a zip and of a pickle, with the bytes of protocols 2 to 5 behind the latter.
  for (const length of [...lengths, 0x4b50, 0x0280, 0x0380, 0x0480, 0x0580]) {
    const archive = await open(text.padEnd(length), 8).catch((error: Error) => error);
    expect(archive, `${length} bytes`).toMatchObject({ format: "safetensors" });
  }
});

function open(header: object | string, dataBytes: number) {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = Buffer.alloc(8 + json.length + dataBytes);
  bytes.writeBigUInt64LE(BigInt(json.length));
  json.copy(bytes, 8);
  return readTensorArchive(memorySource("x.safetensors", bytes));
}
