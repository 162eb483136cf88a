import { expect, test } from "vitest";
import type { OnnxGraph, VariantManifest, VariantPlugin } from "../../harness/api.ts";
import { loadRegistry } from "../../harness/plan/plugins/registry.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { configOf } from "../sam/config.ts";
import { imageEncoder } from "../sam/imageEncoder.ts";
import { publishedMacs } from "../sam/published.ts";
import method from "./method.ts";
import model from "./model.ts";

const presetOf = ({ presets }: VariantPlugin, id: string) => presets.find((preset) => preset.id === id)!;

async function graphsOf(plugin: VariantPlugin, preset: VariantManifest): Promise<ReadonlyMap<string, OnnxGraph>> {
  const graphs = new Map<string, OnnxGraph>();
  const out = { write: async (name: string, graph: OnnxGraph) => void graphs.set(name, graph) };
  await plugin.build({ preset, checkpoint: seededCheckpoint(), graph: "fused", out });
  return graphs;
}

test("no template is a variant or a data set of the project", async () => {
  const { variants, datasets } = await loadRegistry();
  const known = [...variants.keys(), ...datasets.keys()];
  expect(known).toContain("sam-nano");
  expect(known.filter((id) => id.startsWith("my-"))).toEqual([]);
});

test("the method's template computes SAM, node for node, and counts its multiply-accumulates", async () => {
  const config = configOf("sam-nano");
  const preset = presetOf(method, "my-method/sam-nano");
  const graphs = await graphsOf(method, preset);
  expect([...graphs.keys()]).toEqual(["encoder", "decoder-image", "decoder", "decoder-mask"]);
  expect(graphs.get("encoder")!.nodes).toEqual(imageEncoder(config, seededCheckpoint()).nodes);
  for (const sam of ["sam-nano", "sam-vit-b"]) {
    const checkpoint = seededCheckpoint();
    const counted = method.referenceMacs({ preset: presetOf(method, `my-method/${sam}`), checkpoint });
    expect(counted).toEqual(publishedMacs(configOf(sam), checkpoint));
  }
});

test("the model's template writes one encoder, of a quarter of the side", async () => {
  const graphs = await graphsOf(model, presetOf(model, "my-model"));
  const dims = [...graphs].map(([name, { outputs }]) => [name, outputs.map((output) => output.dims)]);
  expect(dims).toEqual([["encoder", [[1, 1, 64, 64]]]]);
});
