import { describe, expect, test } from "vitest";
import type { GraphKind, OnnxGraph } from "../../../harness/api.ts";
import { GraphBuilder } from "../../../harness/onnx/index.ts";
import { loadRegistry, variantOf } from "../../../harness/plan/plugins/registry.ts";
import { seededCheckpoint } from "../../../harness/weights/index.ts";
import { samConfigs } from "../../sam/config.ts";
import { noTaps, tappedPlaces } from "../calibrate/tap.ts";
import { wholeGraph } from "../graphs/stages.ts";
import { findPlaces, hasAttention } from "./places.ts";
import { tappedGraphs } from "./tapped.ts";

const registry = await loadRegistry();

describe("SAM's published graphs", () => {
  test.each(["encoder", "decoder", "decoder-mask"] as const)("have the places of PTQ4SAM's own: %s", async (name) => {
    const taps = noTaps();
    const model = { config: samConfigs["sam-nano"], checkpoint: seededCheckpoint() };
    wholeGraph(model, name, (builder) => tappedPlaces(builder, taps, { seed: 0 }));
    const { layers, attentions } = findPlaces(await graphOf("sam-nano", "reference", name));
    expect(layers.map(({ place }) => `${place}.weight`).sort()).toEqual(
      taps.weights.map((weight) => weight.name).sort(),
    );
    expect(attentions.map(({ place }) => `${place}.softmax`).sort()).toEqual([...taps.softmax.keys()].sort());
    const activations = [
      ...layers.map(({ place }) => `${place}.input`),
      ...attentions.flatMap(({ place }) => ["query", "key", "value"].map((part) => `${place}.${part}`)),
    ];
    expect(activations.sort()).toEqual([...taps.activations].sort());
  });
});

test.each([
  // Blocks have four linear layers; 1 x 1 and 3 x 3 convolutions of the neck come last.
  ["efficientsam-nano", 6, 24, 2],
  ["efficienttam-nano", 6, 24, 2],
  // Pooling blocks have a projection of the shortcut besides.
  ["sam2.1-nano", 8, 35, 4],
  ["mobilesam-nano", 4, 16, 19],
  ["hq-sam-nano", 6, 24, 2],
  ["slimsam-nano", 6, 24, 2],
  // Each block attends for each of two offsets.
  ["sam-lightening-nano", 12, 24, 2],
] as const)(
  "%s attends %i times, in %i linear layers and %i convolutions",
  async (id, attends, linear, convolutions) => {
    const { layers, attentions } = findPlaces(await graphOf(id, "reference", "encoder"));
    expect(attentions).toHaveLength(attends);
    expect(layers.filter(({ kind }) => kind === "linear")).toHaveLength(linear);
    expect(layers.filter(({ kind }) => kind === "convolution")).toHaveLength(convolutions);
  },
);

test.each(["sam2.1-nano", "efficientsam-nano", "hq-sam-nano", "edgesam-nano"])(
  "the transformer of the decoder has 32 layers and 7 attentions, whatever the encoder: %s",
  async (id) => {
    const { layers, attentions } = findPlaces(await graphOf(id, "reference", "decoder"));
    expect(layers).toHaveLength(32);
    expect(attentions).toHaveLength(7);
    expect(attentions.filter(({ place }) => place.includes("token_to_image")).map(({ keys }) => keys)).toHaveLength(3);
  },
);

test("patches, heads and the prompt encoder are no places", async () => {
  for (const id of ["sam2.1-nano", "edgesam-nano", "efficientsam-nano"])
    for (const kind of ["fused", "reference"] as const)
      for (const name of ["encoder", "decoder"]) {
        const { layers } = findPlaces(await graphOf(id, kind, name));
        const places = layers.map(({ place }) => place).join(" ");
        expect(places).not.toMatch(/patch_embed|prompt_encoder|hypernetworks|iou_prediction|upscaling|conv_s[01]/);
      }
});

test.each([
  ["sam2.1-nano", true],
  ["blvit-nano", true],
  ["edgesam-nano", false],
  ["efficientvit-sam-nano", false],
] as const)("the encoder of %s has softmax attention: %s", async (id, expected) => {
  expect(hasAttention(await graphOf(id, "fused", "encoder"))).toBe(expected);
});

test("a softmax that weighs no values of a layer is no attention, as that of a detector's distances", () => {
  const graph = new GraphBuilder("encoder");
  const x = graph.input("x", [1, 4, 16]);
  const bins = graph.constant("bins", "float32", [16, 1], () => new Float32Array(16));
  graph.output("y", graph.op("MatMul", [graph.op("Softmax", [graph.op("Relu", [x])], { axis: -1 }), bins]));
  expect(hasAttention(graph.finish())).toBe(false);
});

test("a graph with more values than memory is to hold is run in several forms, which give each place once", async () => {
  const graph = await graphOf("sam2.1-nano", "reference", "encoder");
  const places = findPlaces(graph);
  const how = { watched: "all", counts: { prompts: 8, points: 3 }, seed: 0 } as const;
  const [whole, ...none] = tappedGraphs(graph, places, how);
  expect(none).toEqual([]);
  const forms = tappedGraphs(graph, places, { ...how, bytes: 2 ** 22 });
  expect(forms.length).toBeGreaterThan(3);
  expect(forms.flatMap(({ activations }) => activations).sort()).toEqual([...whole!.activations].sort());
  expect(forms.flatMap(({ softmax }) => [...softmax.keys()]).sort()).toEqual([...whole!.softmax.keys()].sort());
});

async function graphOf(id: string, kind: GraphKind, name: string): Promise<OnnxGraph> {
  const { plugin, preset } = variantOf(registry, id);
  let found: OnnxGraph | undefined;
  const write = async (each: string, graph: OnnxGraph) => {
    if (each === name) found = graph;
  };
  await plugin.build({ preset, checkpoint: seededCheckpoint(), graph: kind, out: { write } });
  return found!;
}
