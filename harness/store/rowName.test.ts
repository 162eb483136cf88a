import { expect, test } from "vitest";
import {
  isCheckpointPath,
  isRowNameOf,
  ownNameOfFile,
  providerParts,
  rowName,
  rowNameParts,
  withCheckpointName,
} from "./rowName.ts";

const onProcessor = { provider: "cpu" };
const onGpu = { provider: "webgpu" };

test("a row is called by its own name where it has one, else by its variant's id", () => {
  expect(rowName({ variant: { id: "sam-nano" }, runtime: onProcessor })).toBe("sam-nano");
  expect(rowName({ variant: { id: "sam-nano", name: "sam-nano:mine" }, runtime: onProcessor })).toBe("sam-nano:mine");
});

test("a row on another provider than the processor has it at its end, and a floor has none", () => {
  expect(rowName({ variant: { id: "sam-fast/sam-nano" }, runtime: onGpu })).toBe("sam-fast/sam-nano@webgpu");
  expect(rowName({ variant: { id: "sam-nano", name: "sam-nano:mine" }, runtime: onGpu })).toBe("sam-nano:mine@webgpu");
  expect(rowName({ variant: { id: "box", role: "floor" }, runtime: onGpu })).toBe("box");
});

test("a row's name is parted from its provider", () => {
  expect(providerParts("sam-nano:mine@webgpu")).toEqual({ row: "sam-nano:mine", provider: "webgpu" });
  expect(providerParts("sam-nano@web-wasm2")).toEqual({ row: "sam-nano", provider: "web-wasm2" });
  expect(providerParts("sam-nano")).toEqual({ row: "sam-nano", provider: "cpu" });
  expect(providerParts("@webgpu")).toEqual({ row: "@webgpu", provider: "cpu" });
});

test("a row's name is the variant's id with a checkpoint's name in it", () => {
  expect(rowNameParts("sam-fast/sam-nano:mine.v2/per-token")).toEqual({
    variant: "sam-fast/sam-nano/per-token",
    before: "sam-fast/sam-nano",
    own: "mine.v2",
  });
  expect(isRowNameOf("sam-nano:mine", "sam-nano")).toBe(true);
  expect(isRowNameOf("sam-nano:mine", "sam-vit-b")).toBe(false);
  expect(isRowNameOf("sam-nano", "sam-nano")).toBe(false);
  expect(withCheckpointName("nano/nano", "nano", "nano:mine")).toBe("nano:mine/nano");
});

test("an id may hold a plus and a dot", () => {
  expect(rowNameParts("sam2.1-b+:mine")).toEqual({ variant: "sam2.1-b+", before: "sam2.1-b+", own: "mine" });
  expect(isRowNameOf("sam2.1-b+:mine", "sam2.1-b+")).toBe(true);
  expect(withCheckpointName("sam-fast/sam2.1-b+", "sam2.1-b+", "sam2.1-b+:mine")).toBe("sam-fast/sam2.1-b+:mine");
  expect(["sam2.1-t", "sam2.1-b+"].filter(isCheckpointPath)).toEqual([]);
});

test("no name holds what a table, a page or a path would read otherwise", () => {
  const hostile = ["a:", "a:B", "a:../b", "a:b:c", "a:<b>", "a:b c", "a:\u001b[1m", `a:${"b".repeat(41)}`, ":b"];
  expect(hostile.map(rowNameParts)).toEqual(hostile.map(() => undefined));
});

test("a file gives its name without folder and ending, in a name's letters", () => {
  expect(ownNameOfFile("../runs/New (2).safetensors")).toBe("new-2");
  expect(ownNameOfFile("C:\\models\\SAM_v1.PTH")).toBe("sam_v1");
  expect(ownNameOfFile("日本.pt")).toBe("");
  expect(ownNameOfFile(`${"x".repeat(60)}.pt`)).toHaveLength(40);
});

test("a file is told from an id, which may hold slashes", () => {
  const files = ["new.safetensors", "../new.bin", "./new", "/home/me/new", "C:\\new", "runs/new.PTH"];
  expect(files.filter((each) => !isCheckpointPath(each))).toEqual([]);
  expect(["sam-nano", "ptq4sam/sam-nano/w8a8", "sam-nano:mine", "all"].filter(isCheckpointPath)).toEqual([]);
});
