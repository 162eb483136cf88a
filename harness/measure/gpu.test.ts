import { expect, test } from "vitest";
import { gpuMemoryBytes, readGpus } from "./gpu.ts";

/** Answers as nvidia-smi does when it is asked for csv,noheader,nounits. */
const tool = (args: readonly string[]) =>
  args[0]!.startsWith("--query-gpu=")
    ? "NVIDIA A100-SXM4-40GB, 40960, 550.54.15\nNVIDIA A100-SXM4-40GB, 40960, 550.54.15\n"
    : "411, 1200\n412, 2048\n412, 512\n413, [N/A]\n";

test("GPUs have their names, memory and driver", () => {
  const gpu = { name: "NVIDIA A100-SXM4-40GB", memoryBytes: 40960 * 2 ** 20, driver: "550.54.15" };
  expect(readGpus(tool)).toEqual([gpu, gpu]);
});

test("a process's memory is summed over the GPUs it uses", () => {
  expect(gpuMemoryBytes(412, tool)).toBe((2048 + 512) * 2 ** 20);
});

test("a process that is not listed, or without a figure, has no memory rather than none used", () => {
  expect(gpuMemoryBytes(999, tool)).toBeUndefined();
  expect(gpuMemoryBytes(413, tool)).toBeUndefined();
});

test("without the driver's tool there is no GPU, and no error", () => {
  const missing = () => {
    throw Object.assign(new Error("spawn nvidia-smi ENOENT"), { code: "ENOENT" });
  };
  expect(readGpus(missing)).toEqual([]);
  expect(gpuMemoryBytes(412, missing)).toBeUndefined();
});
