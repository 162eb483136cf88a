import { expect, test } from "vitest";
import type { Checkpoint, OnnxGraph, SeededScale } from "../../harness/api.ts";
import { runGraph, wave } from "../../harness/onnx/fixtures/runGraph.ts";
import { withOutputs } from "../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { edgeSamConfigs } from "../edgesam/config.ts";
import { imageEncoder as edgeSamEncoder } from "../edgesam/imageEncoder.ts";
import { edgeTamConfigs } from "../edgetam/config.ts";
import { imageEncoder as edgeTamEncoder } from "../edgetam/imageEncoder.ts";
import { repVitSamConfigs } from "../repvit-sam/config.ts";
import { imageEncoder as repVitSamEncoder } from "../repvit-sam/imageEncoder.ts";
import { repVitSeededScale } from "./config.ts";

const encoders = {
  "edgesam-nano": (checkpoint) => edgeSamEncoder(edgeSamConfigs["edgesam-nano"], checkpoint),
  "repvit-sam-nano": (checkpoint) => repVitSamEncoder(repVitSamConfigs["repvit-sam-nano"], checkpoint),
  "edgetam-nano": (checkpoint) =>
    edgeTamEncoder({ ...edgeTamConfigs["edgetam-nano"], side: 512 }, checkpoint, "embeddings"),
} as const satisfies Record<string, (checkpoint: Checkpoint) => OnnxGraph>;

/** Returns the share of squeeze-excite's gates, in all blocks, that are neither shut nor wide open. */
async function openGates(id: keyof typeof encoders, scale?: SeededScale): Promise<number> {
  const graph = encoders[id](seededCheckpoint(scale));
  const gates = graph.nodes.filter(({ operator }) => operator === "Sigmoid").flatMap(({ outputs }) => outputs);
  const found = await runGraph(withOutputs(graph, gates), { image: wave([1, 3, 512, 512]) });
  const values = gates.flatMap((name) => [...found[name]!.data]);
  return values.filter((value) => value > 0.05 && value < 0.95).length / values.length;
}

test.each(Object.keys(encoders) as (keyof typeof encoders)[])(
  "with the scale, gates of seeded %s let something through and hold something back; without it most are at an end",
  async (id) => {
    expect(await openGates(id, repVitSeededScale)).toBe(1);
    expect(await openGates(id)).toBeLessThan(0.5);
  },
);
