import { afterAll, beforeAll, expect, test } from "vitest";
import type { Checkpoint, OnnxGraph, Tensor } from "../../../harness/api.ts";
import { runGraph, wave } from "../../../harness/onnx/fixtures/runGraph.ts";
import { loadRegistry, variantOf } from "../../../harness/plan/plugins/registry.ts";
import { seededCheckpoint } from "../../../harness/weights/index.ts";
import { noise } from "../../fixtures/trial.ts";
import { samConfigs } from "../../sam/config.ts";
import { referenceImageEncoder } from "../../sam/reference.ts";
import { relativeError } from "../../sam-fast/choice.ts";
import { readCalibrated } from "../calibrate/calibrated.ts";
import { NanoTrial } from "../fixtures/nanoTrial.ts";
import { simulatedPlaces, withSigns } from "../graphs/simulated.ts";
import { wholeGraph } from "../graphs/stages.ts";
import { findPlaces } from "./places.ts";
import { simulated } from "./simulated.ts";

let trial: NanoTrial;
beforeAll(async () => {
  trial = await NanoTrial.open();
});
afterAll(() => trial.close());

test("places found in SAM's published encoder are quantised as PTQ4SAM's own graphs quantise them", async () => {
  const setting = "w6a6-minmax";
  const calibrated = readCalibrated(await trial.calibrated(setting), "id", setting);
  const byPlace = new Map([...calibrated.weights].map(([name, weight]) => [name.replace(/\.weight$/, ""), weight]));
  await trial.withCheckpoint(async (checkpoint) => {
    const config = samConfigs["sam-nano"];
    const image = noise([1, 3, config.side, config.side]);
    const own = wholeGraph({ config, checkpoint }, "encoder", (graph) => simulatedPlaces(graph, calibrated));
    const float = referenceImageEncoder(config, checkpoint);
    const found = simulated(float, { ...calibrated, weights: byPlace });
    const [expected, exact, embedding] = await Promise.all(
      [own, float, found].map((graph) => embeddingOf(graph, image)),
    );
    const lost = relativeError([expected!], [exact!]);
    // Sums in another order round to another integer here and there.
    expect(relativeError([embedding!], [expected!])).toBeLessThan(0.5 * lost);
    expect(relativeError([embedding!], [exact!]) / lost).toBeCloseTo(1, 0);
  });
});

test("signs of the keys' channels leave every value of a decoder as it is, whatever its parts are called", async () => {
  const float = await decoderOf(seededCheckpoint());
  const signs = new Map(
    findPlaces(float).attentions.flatMap(({ place }): [string, number[]][] =>
      place.includes("token_to_image") ? [[place, Array.from({ length: 32 }, (_, i) => (i % 3 === 0 ? 1 : -1))]] : [],
    ),
  );
  expect([...signs.keys()]).toContain("sam_mask_decoder.transformer.final_attn_token_to_image");
  const feeds = Object.fromEntries(
    float.inputs.map(({ name, dims }): [string, Tensor] => {
      const sizes = dims.map((dim) => (dim === "prompts" ? 1 : dim === "points" ? 2 : (dim as number)));
      return [name, name === "point_labels" ? { dims: sizes, data: Float32Array.of(2, 3) } : wave(sizes)];
    }),
  );
  const plain = await runGraph(float, feeds);
  const signed = await runGraph(await decoderOf(withSigns(seededCheckpoint(), signs)), feeds);
  expect([...signed.low_res_masks!.data]).toEqual([...plain.low_res_masks!.data]);
});

async function embeddingOf(graph: OnnxGraph, image: Tensor): Promise<Float32Array> {
  return (await runGraph(graph, { image })).image_embedding!.data;
}

async function decoderOf(checkpoint: Checkpoint): Promise<OnnxGraph> {
  const { plugin, preset } = variantOf(await loadRegistry(), "sam2.1-nano");
  const graphs = new Map<string, OnnxGraph>();
  const write = async (name: string, graph: OnnxGraph) => void graphs.set(name, graph);
  await plugin.build({ preset, checkpoint, graph: "reference", out: { write } });
  return graphs.get("decoder")!;
}
