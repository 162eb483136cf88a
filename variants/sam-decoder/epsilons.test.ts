import { expect, test } from "vitest";
import type { GraphKind, OnnxGraph, VariantPlugin } from "../../harness/api.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import edgeSam from "../edgesam/variant.ts";
import edgeTam from "../edgetam/variant.ts";
import efficientSam from "../efficientsam/variant.ts";
import efficientTam from "../efficienttam/variant.ts";
import efficientVitSam from "../efficientvit-sam/variant.ts";
import fastSam from "../fastsam/variant.ts";
import hqSam from "../hq-sam/variant.ts";
import mobileSam from "../mobilesam/variant.ts";
import repVitSam from "../repvit-sam/variant.ts";
import sam from "../sam/variant.ts";
import sam2 from "../sam2/variant.ts";
import slimSam from "../slimsam/variant.ts";
import tinySam from "../tinysam/variant.ts";

// Seeded values hardly see epsilons: nothing in them is near zero. So the numbers of the published code stand here once more.
test.each<[string, GraphKind, string, VariantPlugin, readonly number[]]>([
  ["sam-nano", "fused", "encoder", sam, [1e-6]],
  ["sam-nano", "reference", "encoder", sam, [1e-6]],
  ["sam-nano", "fused", "decoder", sam, [1e-5, 1e-6]],
  ["sam-nano", "reference", "decoder", sam, [1e-5]],
  ["efficientsam-nano", "fused", "encoder", efficientSam, [1e-6]],
  ["efficientsam-nano", "reference", "encoder", efficientSam, [1e-6]],
  ["efficientsam-nano", "fused", "decoder", efficientSam, [1e-5]],
  ["efficientsam-nano", "reference", "decoder", efficientSam, [1e-5]],
  ["mobilesam-nano", "fused", "encoder", mobileSam, [1e-5, 1e-6]],
  ["mobilesam-nano", "reference", "encoder", mobileSam, [1e-5]],
  ["efficientvit-sam-nano", "fused", "encoder", efficientVitSam, [1e-6]],
  ["efficientvit-sam-nano", "reference", "encoder", efficientVitSam, []],
  ["efficientvit-sam-nano", "fused", "decoder", efficientVitSam, [1e-6]],
  ["efficientvit-sam-nano", "reference", "decoder", efficientVitSam, [1e-6]],
  ["efficientvit-sam-nano", "reference", "decoder-mask", efficientVitSam, [1e-6]],
  ["repvit-sam-nano", "fused", "encoder", repVitSam, [1e-6]],
  ["repvit-sam-nano", "reference", "encoder", repVitSam, [1e-5]],
  ["edgesam-nano", "fused", "encoder", edgeSam, [1e-6]],
  ["edgesam-nano", "fused", "decoder", edgeSam, [1e-5, 1e-6]],
  ["slimsam-nano", "fused", "encoder", slimSam, [1e-6]],
  ["slimsam-nano", "reference", "encoder", slimSam, [1e-6]],
  ["slimsam-nano", "fused", "decoder", slimSam, [1e-5, 1e-6]],
  ["tinysam-nano", "fused", "encoder", tinySam, [1e-5, 1e-6]],
  ["tinysam-nano", "reference", "encoder", tinySam, [1e-5]],
  ["tinysam-nano", "fused", "decoder", tinySam, [1e-5, 1e-6]],
  ["fastsam-s", "reference", "encoder", fastSam, [1e-3]],
  ["hq-sam-nano", "fused", "encoder", hqSam, [1e-6]],
  ["hq-sam-nano", "fused", "decoder-image", hqSam, [1e-6]],
  ["hq-sam-nano", "fused", "decoder", hqSam, [1e-5, 1e-6]],
  ["hq-sam-nano", "reference", "decoder", hqSam, [1e-5]],
  ["sam2.1-nano", "fused", "encoder", sam2, [1e-6]],
  ["sam2.1-nano", "reference", "encoder", sam2, [1e-6]],
  ["sam2.1-nano", "fused", "decoder", sam2, [1e-5, 1e-6]],
  ["sam2.1-nano", "reference", "decoder", sam2, [1e-5]],
  ["edgetam-nano", "fused", "encoder", edgeTam, []],
  ["edgetam-nano", "fused", "decoder", edgeTam, [1e-5, 1e-6]],
  ["edgetam-nano", "reference", "decoder", edgeTam, [1e-5]],
  ["efficienttam-nano", "fused", "encoder", efficientTam, [1e-6]],
  ["efficienttam-nano", "reference", "encoder", efficientTam, [1e-6]],
  ["efficienttam-nano", "fused", "decoder", efficientTam, [1e-5, 1e-6]],
  ["efficienttam-nano", "reference", "decoder", efficientTam, [1e-5]],
])("%s, %s %s, normalises as the published code does", async (id, kind, name, plugin, expected) => {
  const preset = plugin.presets.find((each) => each.id === id)!;
  const graphs = new Map<string, OnnxGraph>();
  const write = async (graphName: string, built: OnnxGraph) => void graphs.set(graphName, built);
  await plugin.build({ preset, checkpoint: seededCheckpoint(), graph: kind, out: { write } });
  const found = graphs.get(name)!.nodes.flatMap(({ attributes }) => {
    const { epsilon } = attributes as { readonly epsilon?: { readonly float: number } };
    return epsilon === undefined ? [] : [epsilon.float];
  });
  expect([...new Set(found)].sort()).toEqual([...expected].sort());
});
