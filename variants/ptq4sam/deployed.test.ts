import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GraphFiles, OnnxGraph, Prompt, VariantManifest } from "../../harness/api.ts";
import { prepare, toModelFrame } from "../../harness/image/index.ts";
import { type GraphBuilder, writeGraph } from "../../harness/onnx/index.ts";
import { buildVariant } from "../../harness/run/build.ts";
import { calibrate } from "../../harness/run/calibration.ts";
import { loadRegistry, type Registry, variantOf } from "../../harness/run/registry.ts";
import { openCheckpoint } from "../../harness/weights/index.ts";
import { samConfigs } from "../sam/config.ts";
import { loadSam } from "../sam-decoder/load.ts";
import { type Calibrated, readCalibrated } from "./calibrated.ts";
import { withFoldedValueBias } from "./foldedBias.ts";
import { floatPlaces, type Places } from "./places.ts";
import { simulatedPlaces } from "./simulated.ts";
import { wholeGraph } from "./stages.ts";

const cpu = { provider: "cpu", threads: 2 };
const config = samConfigs["sam-nano"];
const setting = "w8a8-minmax";
const weights = join(import.meta.dirname, "..", "sam", "sam-nano.safetensors");

let folder: string;
let registry: Registry;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  registry = await loadRegistry();
});
afterAll(() => rmSync(folder, { recursive: true }));

test("int8 products give the masks that quantising and back in float gives at the same places", async () => {
  const variant = variantOf(registry, `ptq4sam/sam-nano/${setting}`);
  const checkpoint = await openCheckpoint(weights, "nano");
  const known = { variant, checkpoint, weightsId: "nano" };
  const stored = await calibrate(
    {
      ...{ ...known, registry, runtime: cpu, store: join(folder, "stored") },
      ...{ progress: () => undefined, signal: new AbortController().signal },
    },
    { dataset: await scenes(0, 2), seed: 0, options: {} },
  );
  const cache = join(folder, "graphs");
  const { files, graphs } = await buildVariant({ ...known, graph: "fused", calibration: stored.values, cache });
  const { files: plain } = await buildVariant({
    ...known,
    variant: variantOf(registry, "sam-nano"),
    graph: "fused",
    cache,
  });
  const calibrated = readCalibrated(stored.values, "id", setting);
  const model = { config, checkpoint: withFoldedValueBias(checkpoint, config) };
  const simulated = Object.fromEntries(
    (["encoder", "decoder"] as const).map((name) => {
      const graph = wholeGraph(model, name, (builder) => placesOf(builder, graphs[name]!, calibrated));
      return [name, writeGraph(graph, folder)];
    }),
  );
  checkpoint.close();
  const [ours, theirs, float] = [
    await logitsOf(files, variant.preset),
    await logitsOf(simulated, variant.preset),
    await logitsOf(plain, variant.preset),
  ];
  const [rounding, quantising] = [meanDifference(ours, theirs), meanDifference(ours, float)];
  const std = deviation(theirs);
  // Values next to a rounding boundary fall to its other side, and that is all.
  expect(integerLayers(graphs.encoder!).size).toBe(4 * config.depth);
  expect(rounding / std).toBeLessThan(0.005);
  expect(rounding).toBeLessThan(0.4 * quantising);
  expect(sameSigns(ours, theirs)).toBeGreaterThan(0.999);
});

/** Quantised where the deployed graph has integers, float elsewhere. */
function placesOf(builder: GraphBuilder, deployed: OnnxGraph, calibrated: Calibrated): Places {
  const layers = integerLayers(deployed);
  const all = simulatedPlaces(builder, calibrated);
  return {
    ...floatPlaces,
    activation: (place, x) => (layers.has(place.replace(/\.input$/, "")) ? all.activation(place, x) : x),
    weight: (weight) => (layers.has(weight.name.replace(/\.weight$/, "")) ? all.weight(weight) : weight),
  };
}

/** By the names of their weights, of which a joint one is in parts. */
function integerLayers({ constants }: OnnxGraph): ReadonlySet<string> {
  const integers = constants.filter(({ type, name }) => type === "int8" && name.endsWith(".int8"));
  return new Set(integers.map(({ name }) => name.replace(/\.weight(\.query|\.key|\.value)?\.int8$/, "")));
}

function scenes(seed: number, limit: number) {
  return registry.datasets.get("shapes")!.open({ seed, limit });
}

/** Low-res logits of a scene's boxes. */
async function logitsOf(files: GraphFiles, { input: spec }: VariantManifest): Promise<Float32Array> {
  const dataset = await scenes(5, 1);
  const { id } = dataset.images[0]!;
  const input = prepare(await dataset.read(id), spec);
  const prompts: Prompt<"model">[] = dataset
    .targetsOf(id)
    .slice(0, 4)
    .map(({ box }) => toModelFrame({ frame: "image", points: [], box } as const, input.geometry));
  const loaded = await loadSam(files, cpu);
  const predictions = await loaded.decode(await loaded.encode(input), prompts);
  await loaded.close();
  return Float32Array.from(predictions.flatMap((each) => (each.kind === "logits" ? [...each.lowResLogits.data] : [])));
}

function meanDifference(a: Float32Array, b: Float32Array): number {
  return mean(a.map((value, i) => Math.abs(value - b[i]!)));
}

function deviation(values: Float32Array): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Share of a mask's pixels that are the same. */
function sameSigns(a: Float32Array, b: Float32Array): number {
  return mean(a.map((value, i) => Number(value > 0 === b[i]! > 0)));
}
