import { afterAll, beforeAll, expect, test } from "vitest";
import type { OnnxGraph } from "../../../harness/api.ts";
import { type GraphBuilder, writeGraph } from "../../../harness/onnx/index.ts";
import { samConfigs } from "../../sam/config.ts";
import { type Calibrated, readCalibrated } from "../calibrate/calibrated.ts";
import { floatPlaces, type Places } from "../calibrate/places.ts";
import { NanoTrial } from "../fixtures/nanoTrial.ts";
import { integerLayers } from "./deployed.ts";
import { withFoldedValueBias } from "./foldedBias.ts";
import { simulatedPlaces } from "./simulated.ts";
import { wholeGraph } from "./stages.ts";

const config = samConfigs["sam-nano"];
const setting = "w8a8-minmax";

let trial: NanoTrial;
beforeAll(async () => {
  trial = await NanoTrial.open();
});
afterAll(() => trial.close());

test("int8 products give the masks that quantising and back in float gives at the same places", async () => {
  const id = `ptq4sam/sam-nano/${setting}`;
  const values = await trial.calibrated(setting);
  const { files, graphs } = await trial.built(id, values);
  const { files: plain } = await trial.built("sam-nano");
  const calibrated = readCalibrated(values, "id", setting);
  const simulated = await trial.withCheckpoint(async (checkpoint) => {
    const model = { config, checkpoint: withFoldedValueBias(checkpoint, config) };
    return Object.fromEntries(
      (["encoder", "decoder"] as const).map((name) => {
        const graph = wholeGraph(model, name, (builder) => placesOf(builder, graphs[name]!, calibrated));
        return [name, writeGraph(graph, trial.folder)];
      }),
    );
  });
  const ours = await trial.logitsOf(id, files);
  const theirs = await trial.logitsOf(id, simulated);
  const float = await trial.logitsOf("sam-nano", plain);
  const rounding = meanDifference(ours, theirs);
  const quantising = meanDifference(ours, float);
  const std = deviation(theirs);
  // Values next to a rounding boundary fall to its other side, and that is all.
  expect(integerLayers(graphs.encoder!).size).toBe(4 * config.depth + 1);
  expect(rounding / std).toBeLessThan(0.005);
  expect(rounding).toBeLessThan(0.4 * quantising);
  expect(sameSigns(ours, theirs)).toBeGreaterThan(0.999);
});

/** Quantises where the deployed graph has integers, and leaves float elsewhere. */
function placesOf(builder: GraphBuilder, deployed: OnnxGraph, calibrated: Calibrated): Places {
  const layers = integerLayers(deployed);
  const all = simulatedPlaces(builder, calibrated);
  return {
    ...floatPlaces,
    activation: (place, x) => (layers.has(place.replace(/\.input$/, "")) ? all.activation(place, x) : x),
    weight: (weight) => (layers.has(weight.name.replace(/\.weight$/, "")) ? all.weight(weight) : weight),
  };
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

/** Returns the share of a mask's pixels that are the same. */
function sameSigns(a: Float32Array, b: Float32Array): number {
  return mean(a.map((value, i) => Number(value > 0 === b[i]! > 0)));
}
