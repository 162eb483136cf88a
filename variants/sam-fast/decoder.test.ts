import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CalibrationValues, Checkpoint, NamedTensors, OnnxGraph } from "../../harness/api.ts";
import { describeGraphs } from "../../harness/build/build.ts";
import { calibrate } from "../../harness/build/calibration.ts";
import { runGraph, wave } from "../../harness/onnx/fixtures/runGraph.ts";
import { structureHash } from "../../harness/onnx/index.ts";
import { loadRegistry, type Registry, variantOf } from "../../harness/plan/plugins/registry.ts";
import { openCheckpoint, seededCheckpoint } from "../../harness/weights/index.ts";
import { relativeError } from "./choice.ts";

const weightsFile = fileURLToPath(new URL("../sam/sam-nano.safetensors", import.meta.url));
const id = "sam-fast/sam-nano/int8-decoder";

let folder: string;
let registry: Registry;
let checkpoint: Checkpoint;
let values: CalibrationValues;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  registry = await loadRegistry();
  checkpoint = await openCheckpoint(weightsFile, "nano");
  values = await calibrated(id);
});
afterAll(() => {
  checkpoint.close();
  rmSync(folder, { recursive: true });
});

/** Calibrates on one drawn scene. */
async function calibrated(variant: string, weights = checkpoint): Promise<CalibrationValues> {
  const request = {
    variant: variantOf(registry, variant),
    checkpoint: weights,
    weightsId: "nano",
    registry,
    store: folder,
    runtime: { provider: "cpu", threads: 1 },
    progress: () => undefined,
    note: () => undefined,
    signal: new AbortController().signal,
  };
  const dataset = await registry.datasets.get("shapes")!.open({ seed: 1, limit: 1 });
  return (await calibrate(request, { dataset, seed: 1, options: {} })).values;
}

async function graphsOf(variant: string): Promise<ReadonlyMap<string, OnnxGraph>> {
  const calibration = variant === "sam-nano" ? undefined : values;
  const described = { variant: variantOf(registry, variant), checkpoint, graph: "fused", calibration } as const;
  return new Map((await describeGraphs(described)).map((graph) => [graph.name, graph]));
}

/** Decodes points on a drawn image embedding, one prompt each. */
async function decoded(variant: string, points: readonly (readonly [number, number])[]): Promise<NamedTensors> {
  const graphs = await graphsOf(variant);
  const image = await runGraph(graphs.get("decoder-image")!, { image_embedding: wave([1, 64, 32, 32]) });
  const decoder = graphs.get("decoder")!;
  const asked = Object.entries(image).filter(([name]) => decoder.inputs.some((input) => input.name === name));
  return runGraph(decoder, {
    ...Object.fromEntries(asked),
    point_coords: { dims: [points.length, 2, 2], data: Float32Array.from(points.flatMap((point) => [...point, 0, 0])) },
    point_labels: { dims: [points.length, 2], data: Float32Array.from(points.flatMap(() => [1, -1])) },
  });
}

test("one product of each decoder is int8 and has its bias, and the encoder is that of the method without it", async () => {
  const own = await graphsOf(id);
  const float = await graphsOf("sam-fast/sam-nano");
  const count = (graph: OnnxGraph, operator: string) => graph.nodes.filter((node) => node.operator === operator).length;
  for (const name of ["decoder", "decoder-mask"]) {
    expect(count(own.get(name)!, "MatMulIntegerToFloat")).toBe(1);
    expect(count(own.get(name)!, "Add")).toBe(count(float.get(name)!, "Add") - 1);
  }
  for (const name of ["encoder", "decoder-image"])
    expect(structureHash(own.get(name)!)).toBe(structureHash(float.get(name)!));
});

test("logits stay near those of the float decoder, and predicted IoUs are the same", async () => {
  const points = [[30, 40] as const, [200, 90] as const];
  const found = await decoded(id, points);
  const expected = await decoded("sam-nano", points);
  const error = relativeError([found.low_res_masks!.data], [expected.low_res_masks!.data]);
  expect(error).toBeGreaterThan(0.001);
  expect(error).toBeLessThan(0.05);
  expect(found.iou_predictions).toEqual(expected.iou_predictions);
});

test("a mask does not depend on what else is prompted in its call", async () => {
  const masksBeside = async (other: readonly [number, number]) => {
    const { data } = (await decoded(id, [[30, 40], other])).low_res_masks!;
    return Buffer.from(data.slice(0, data.length / 2).buffer);
  };
  const beside = await masksBeside([200, 90]);
  expect(beside.equals(await masksBeside([120, 250]))).toBe(true);
});

test("a model without a decoder of points and boxes is refused when it is calibrated", async () => {
  await expect(calibrated("sam-fast/fastsam-s/square/int8-decoder", seededCheckpoint())).rejects.toThrow(
    "sam-fast/fastsam-s/square/int8-decoder: has no decoder with products that would gain from int8",
  );
});
