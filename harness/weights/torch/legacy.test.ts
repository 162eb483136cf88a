import { expect, test } from "vitest";
import { HarnessError } from "../../errors.ts";
import { readTensorArchive } from "../archive.ts";
import { memorySource } from "../source.ts";

const magic = "\x80\x02\x8a\x0al\xfc\x9cF\xf9\x20j\xa8P\x19.";
const version = "\x80\x02M\xe9\x03.";
const system = "\x80\x02}.";
const preamble = magic + version + system;

/** Elements 0 to 5, as a storage lies behind the pickles. */
const ramp = storageBytes(Float32Array.of(0, 1, 2, 3, 4, 5));

test("a tensor of PyTorch 0.1, its class with a state, is read", async () => {
  const tensor = `ctorch\nFloatTensor\n)\x81(${storage("FloatStorage", 6)}K\x01${tuple(2, 2)}${tuple(1, 2)}tb`;
  const archive = await open(stateDict(tensor), "]U\x01sa.", ramp);
  expect(archive.read("w")).toEqual(Float32Array.of(1, 3, 2, 4));
});

test("a storage that is a stretch of another is read", async () => {
  const tensor = rebuilt(storage("FloatStorage", 6, "(U\x01vK\x02K\x03t"), 1, 2);
  const archive = await open(stateDict(tensor), "]U\x01sa.", ramp);
  expect(archive.read("w")).toEqual(Float32Array.of(3, 4));
});

test("a stretch that leaves its storage is refused", async () => {
  const tensor = rebuilt(storage("FloatStorage", 6, "(U\x01vK\x05K\x03t"), 0, 2);
  expect((await refusal(stateDict(tensor), "]U\x01sa.", ramp)).message).toContain("weight w leaves its storage");
});

test("a tensor subclass and a parameter with attributes are read as the tensors that they wrap", async () => {
  const plain = `(${storage("FloatStorage", 6)}K\0${tuple(6)}${tuple(1)}\x89}t`;
  const subclass = `ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch\nTensor\n${plain}}tR`;
  const parameter = `ctorch._utils\n_rebuild_parameter_with_state\n(${subclass}\x88}}tR`;
  const archive = await open(stateDict(parameter), "]U\x01sa.", ramp);
  expect(archive.tensors.get("w")).toEqual({ name: "w", dtype: "float32", dims: [6], parameter: true });
  expect(archive.read("w")[5]).toBe(5);
});

test("storages that no weight uses may have types that are not read", async () => {
  const other = `(U\x07storagectorch\nComplexFloatStorage\nU\x01cU\x03cpuK\x01NtQ`;
  const object = `}(U\x01w${rebuilt(storage("FloatStorage", 6), 0, 6)}U\x01x${other}u.`;
  const complex = Buffer.concat([count(1), Buffer.alloc(8, 0xff)]);
  const archive = await open(object, "](U\x01cU\x01se.", Buffer.concat([complex, ramp]));
  expect([...archive.read("w")]).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a weight of a type that is not read is refused by its name when it is asked for", async () => {
  const object = stateDict(rebuilt(storage("ComplexFloatStorage", 3), 0, 3));
  const archive = await open(object, "]U\x01sa.", Buffer.concat([count(3), Buffer.alloc(24)]));
  expect(() => archive.read("w")).toThrow("weight w has an element type that is not read (found complex64)");
});

test("the model's own weights go before its average, and both before what lies beside them", async () => {
  const tensor = (offset: number) => `}U\x01w${rebuilt(storage("FloatStorage", 6), offset, 1)}s`;
  const loss = rebuilt(storage("FloatStorage", 6), 5, 1);
  const object = (model: string) => `}(U\x04loss${loss}U\x03ema${tensor(1)}U\x05model${model}u.`;
  const full = await open(object(tensor(2)), "]U\x01sa.", ramp);
  expect([full.nesting, full.read("w")[0]]).toEqual(["model", 2]);
  const averaged = await open(object("N"), "]U\x01sa.", ramp);
  expect([averaged.nesting, averaged.read("w")[0]]).toEqual(["ema", 1]);
});

test.each([
  ["a storage that the pickle does not know", "]U\x01ta.", "storage t is missing or there twice"],
  ["a storage twice", "](U\x01sU\x01se.", "storage s is missing or there twice"],
  ["no storage", "].", "storage s is missing or there twice"],
])("%s is refused", async (_, keys, message) => {
  const object = stateDict(rebuilt(storage("FloatStorage", 6), 0, 6));
  expect((await refusal(object, keys, Buffer.concat([ramp, ramp]))).message).toContain(message);
});

test("a storage that claims more than the file has is refused before anything is read", async () => {
  const object = stateDict(rebuilt(storage("FloatStorage", 6), 0, 6));
  for (const claim of [7, 2 ** 40, 2 ** 62]) {
    const storages = Buffer.concat([count(claim), Buffer.alloc(24)]);
    expect((await refusal(object, "]U\x01sa.", storages)).message).toContain("the file is cut off in storage s");
  }
});

test.each([
  ["K\x05.", "is a Python pickle, but not one that torch.save wrote"],
  ["cnt\nsystem\n.", "refused, because its pickle names the global nt.system"],
])("another program's pickle is refused (%j)", async (pickle, message) => {
  const source = memorySource("x.pth", Buffer.from(`\x80\x02${pickle}`, "latin1"));
  await expect(readTensorArchive(source)).rejects.toThrow(`x.pth: ${message}`);
});

test("a later version of the form is refused", async () => {
  const source = memorySource("x.pth", Buffer.from(`${magic}\x80\x02M\xea\x03.`, "latin1"));
  await expect(readTensorArchive(source)).rejects.toThrow("(found 1002, expected 1001)");
});

/** `{"w": tensor}` */
function stateDict(tensor: string): string {
  return `}U\x01w${tensor}s.`;
}

function rebuilt(pid: string, offset: number, size: number): string {
  return `ctorch._utils\n_rebuild_tensor_v2\n(${pid}K${byte(offset)}${tuple(size)}${tuple(1)}\x89}tR`;
}

/** The persistent id of storage `s`. */
function storage(className: string, elements: number, view = "N"): string {
  return `(U\x07storagectorch\n${className}\nU\x01sU\x03cpuK${byte(elements)}${view}tQ`;
}

function tuple(...numbers: readonly number[]): string {
  return `(${numbers.map((number) => `K${byte(number)}`).join("")}t`;
}

function byte(value: number): string {
  return String.fromCharCode(value);
}

function storageBytes(values: Float32Array): Buffer {
  return Buffer.concat([count(values.length), Buffer.from(values.buffer)]);
}

function count(elements: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(elements));
  return bytes;
}

function open(object: string, keys: string, storages: Buffer) {
  const pickles = Buffer.from(`${preamble}\x80\x02${object}\x80\x02${keys}`, "latin1");
  return readTensorArchive(memorySource("x.pth", Buffer.concat([pickles, storages])));
}

async function refusal(object: string, keys: string, storages: Buffer): Promise<HarnessError> {
  const error = await open(object, keys, storages).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HarnessError);
  return error as HarnessError;
}
