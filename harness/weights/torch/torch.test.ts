import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HarnessError } from "../../errors.ts";
import { openTensorArchive, readTensorArchive } from "../archive.ts";
import { pickledTensor, pickledText, type SavedTensor, statePickle } from "../fixtures/stateDict.ts";
import { type TestEntry, zipParts } from "../fixtures/zip.ts";
import { memorySource } from "../source.ts";

const ramp = Float32Array.of(0, 1, 2, 3, 4, 5);
const weight: SavedTensor = { name: "w", key: "0", dims: [2, 3], strides: [3, 1] };
// As PyTorch writes them: not deflated.
const packing = "stored";
const storage = { name: "x/data/0", content: Buffer.from(ramp.buffer), packing } as const;
const pickle = { name: "x/data.pkl", content: statePickle([weight]), packing } as const;

test("a zip that somebody packed anew, with compression, is read", async () => {
  const archive = await open([
    { ...pickle, packing: "deflated" },
    { ...storage, packing: "deflated" },
  ]);
  expect(archive.read("w")).toEqual(ramp);
});

test("a file from a big-endian machine is read", async () => {
  const swapped = { ...storage, content: Buffer.from(storage.content).swap32() };
  const archive = await open([pickle, { name: "x/byteorder", content: Buffer.from("big"), packing }, swapped]);
  expect(archive.read("w")).toEqual(ramp);
  expect([...archive.values("w")]).toEqual([...ramp]);
});

test("tensors that were saved from a GPU are read: their storages hold the same bytes", async () => {
  const saved = { ...pickle, content: statePickle([{ ...weight, device: "cuda:0" }]) };
  expect((await open([saved, storage])).read("w")).toEqual(ramp);
});

test("a tensor expanded by stride 0 repeats its elements, up to the size of the file", async () => {
  const expanded = (rows: number) => ({
    ...pickle,
    content: statePickle([{ ...weight, dims: [rows, 3], strides: [0, 1] }]),
  });
  expect([...(await open([expanded(2), storage])).read("w")]).toEqual([0, 1, 2, 0, 1, 2]);
  await expect(open([expanded(2 ** 20), storage])).rejects.toThrow("weight w is larger than its storage");
});

test.each<[string, readonly TestEntry[], string]>([
  ["a storage that is not there", [pickle], "storage 0 is missing from the zip"],
  ["an entry that is there twice", [pickle, storage, pickle], "entry x/data.pkl is there twice"],
  ["two checkpoints", [pickle, { ...pickle, name: "y/data.pkl" }], "holds more than one checkpoint"],
  [
    "a byte order of its own",
    [pickle, { name: "x/byteorder", content: Buffer.from("middle"), packing }],
    "unknown byte order",
  ],
  [
    "a TorchScript archive",
    [pickle, { name: "x/constants.pkl", content: Buffer.from(".") }],
    "is a TorchScript archive",
  ],
  ["a zip of other things", [{ name: "a/readme.txt", content: Buffer.from("a") }], "the zip is no PyTorch checkpoint"],
  ["an empty zip", [], "the zip is no PyTorch checkpoint (found 0 entries"],
  [
    "a short deflated storage",
    [pickle, { ...storage, packing: "deflated", claims: { bytes: 20 } }],
    "larger than its storage",
  ],
  ["a path out of the folder", [pickle, { ...storage, name: "../data/0" }], "zip directory is damaged"],
  [
    "other things than tensors",
    [{ ...pickle, content: Buffer.from("}X\x01\0\0\0aK\x01s.") }, storage],
    "no state dict",
  ],
])("%s is refused", async (_, entries, message) => {
  const error = await open(entries).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HarnessError);
  expect((error as HarnessError).message).toContain(message);
});

test("a checkpoint inside a zip is named, with what to do", async () => {
  const error = await open([{ name: "efficient_sam_vits.pt", content: Buffer.from("PK") }]).catch((reason) => reason);
  expect((error as HarnessError).hint).toBe("unzip it and give the path of efficient_sam_vits.pt");
});

test("a zip bomb is refused by what it claims, and stopped where it lies", async () => {
  const zeros = { ...storage, content: Buffer.alloc(40_000_000), packing: "deflated" } as const;
  await expect(open([pickle, zeros])).rejects.toThrow("claims to inflate");
  const liar = await open([pickle, { ...zeros, claims: { bytes: 24 } }]);
  expect(() => liar.read("w")).toThrow("can not be inflated");
});

test("a pickle that was deflated runs no more instructions than the file could hold", async () => {
  const dicts = {
    ...pickle,
    content: Buffer.from(`\x80\x02(${"}".repeat(400_000)}l.`, "latin1"),
    packing: "deflated",
  } as const;
  await expect(open([dicts, storage])).rejects.toThrow("is too long");
});

test("PyTorch's modules give their tensors once their classes are called inert", async () => {
  const module = (name: string, members: string) => `ctorch.nn\n${name}\n)\x81}(${members}ub`;
  const dict = (key: string, members: string) => `${pickledText(key)}}(${members}u`;
  const conv = module(
    "Conv2d",
    dict("_parameters", `${pickledText("weight")}${pickledTensor(weight)}${pickledText("bias")}N`) +
      dict("_modules", ""),
  );
  const root = module("Sequential", dict("_parameters", "") + dict("_modules", `${pickledText("0")}${conv}`));
  const whole = { ...pickle, content: Buffer.from(`\x80\x02}${pickledText("model")}${root}s.`, "latin1") };
  await expect(open([whole, storage])).rejects.toThrow("names the global torch.nn.Sequential");
  const archive = await open([whole, storage], ["torch.nn.Sequential", "torch.nn.Conv2d"]);
  expect([archive.nesting, [...archive.tensors.keys()]]).toEqual(["model", ["0.weight"]]);
  expect(archive.read("0.weight")).toEqual(ramp);
});

// SAM's ViT-B has 375 MB. Every array is kept, so a second copy of any of them would show.
test("reading all of a 375 MB file takes no more memory than its size and 300 MB", async () => {
  const folder = mkdtempSync(join(tmpdir(), "weights-"));
  const elements = 937_500;
  const block = Buffer.from(Float32Array.from({ length: elements }, (_, i) => i).buffer);
  const tensors = Array.from({ length: 100 }, (_, i) => ({
    name: `layer.${i}.weight`,
    key: String(i),
    dims: [elements / 750, 750],
    strides: [750, 1],
  }));
  const file = join(folder, "large.pth");
  writeZip(file, [
    { name: "large/data.pkl", content: statePickle(tensors), packing },
    ...tensors.map(({ key }) => ({ name: `large/data/${key}`, content: block, packing }) as const),
  ]);
  const before = process.memoryUsage().rss;
  const archive = await openTensorArchive(file);
  let peak = 0;
  const kept = [...archive.tensors.keys()].map((name) => {
    const values = archive.read(name);
    peak = Math.max(peak, process.memoryUsage().rss);
    return values;
  });
  archive.close();
  rmSync(folder, { recursive: true });
  expect(kept.every((values) => values.length === elements && values[elements - 1] === elements - 1)).toBe(true);
  expect(peak - before).toBeLessThan(375e6 + 300e6);
});

async function open(entries: readonly TestEntry[], inert: readonly string[] = []) {
  return readTensorArchive(memorySource("x.pth", Buffer.concat(zipParts(entries))), { inert });
}

function writeZip(file: string, entries: readonly TestEntry[]): void {
  const descriptor = openSync(file, "w");
  for (const part of zipParts(entries)) writeSync(descriptor, part);
  closeSync(descriptor);
}
