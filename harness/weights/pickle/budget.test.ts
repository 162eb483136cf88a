import { expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { readTensorArchive } from "../archive.ts";
import { zipOf } from "../fixtures/zip.ts";
import { memorySource } from "../source.ts";
import { budgetOf } from "./budget.ts";

const text = (value: string) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.length);
  return `X${length.toString("latin1")}${value}`;
};
const integer = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return `J${bytes.toString("latin1")}`;
};
const storage = `(${text("storage")}ctorch\nFloatStorage\n${text("0")}${text("cpu")}${integer(1)}tQ`;
const tensor = (elements: number) =>
  `ctorch._utils\n_rebuild_tensor_v2\n(${storage}K\0${integer(elements)}\x85K\0\x85\x89NtR`;

/** A zip checkpoint of this pickle, with one storage of one element and, to be large enough, one of zeros. */
function open(pickle: string, fillerBytes = 0) {
  const bytes = zipOf([
    { name: "x/data.pkl", content: Buffer.from(pickle, "latin1"), packing: "stored" },
    { name: "x/data/0", content: Buffer.alloc(4), packing: "stored" },
    { name: "x/data/1", content: Buffer.alloc(fillerBytes), packing: "stored" },
  ]);
  return readTensorArchive(memorySource("x.pth", bytes));
}

test("a tensor in eighty thousand parameters, each of them named, is refused at its wrappings", async () => {
  // Every parameter wraps the one before it: to unwrap each of them to its end would take 3.2 thousand million steps.
  const wrapped = Array.from({ length: 80_000 }, (_, i) => `U\x05${String(i).padStart(5, "0")}h\0h\x01\x85Rq\x01`);
  const pickle = `\x80\x02ctorch._utils\n_rebuild_parameter\nq\x000${tensor(1)}q\x010}(${wrapped.join("")}u.`;
  await expect(open(pickle)).rejects.toThrow("x.pth: weight 00015 can not be rebuilt");
});

test("three thousand tensors that repeat one element are refused where they ask for more than the file could hold", async () => {
  const names = Array.from({ length: 3000 }, (_, i) => `${text(`w${i}`)}${tensor(100_000)}`);
  await expect(open(`\x80\x02}(${names.join("")}u.`, 400_000)).rejects.toThrow(
    "its tensors repeat their storages without measure",
  );
});

test("a small file gets few steps, and none gets more than the limit", () => {
  expect(() => budgetOf("x.pth", 10).charge(40_021)).toThrow(
    "x.pth: the pickle is too long (found more than 40020 steps)",
  );
  expect(() => budgetOf("x.pth", 1e9).charge(limits.pickleSteps)).not.toThrow();
  expect(() => budgetOf("x.pth", 1e9).charge(limits.pickleSteps + 1)).toThrow("is too long");
});

test("what is charged adds up", () => {
  const budget = budgetOf("x.pth", 0);
  budget.charge(40_000);
  expect(() => budget.charge(1)).toThrow("is too long");
  budget.chargeElements(4 * 1024 * 1024);
  expect(() => budget.chargeElements(1)).toThrow("found more than 4194304 elements in a file of 0 bytes");
});
