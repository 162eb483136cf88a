import { afterAll, expect, test } from "vitest";
import type { OnnxGraph } from "../../../harness/api.ts";
import { prepare } from "../../../harness/image/index.ts";
import { differenceOf } from "../../../harness/onnx/fixtures/difference.ts";
import { openSession } from "../../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../../harness/weights/index.ts";
import edgesam from "../../edgesam/variant.ts";
import { presetOf } from "../../repvit/fixtures/plugin.ts";
import { edgeSamGraphs } from "../fixtures/graphs/edgeSam.ts";
import { testLayout } from "../fixtures/layoutCase.ts";
import { cpu, LayoutTrial, logitsOf, photo, prompt, tokenOf, tolerance } from "../fixtures/layoutTrial.ts";
import plugin from "../variant.ts";

const { point, box, both, masked } = prompt;
const trial = new LayoutTrial();
afterAll(() => trial.close());

const checkpoint = seededCheckpoint(presetOf(edgesam, "edgesam-nano").seededScale);
const graphs = edgeSamGraphs(checkpoint);

// Prompts with a box alone: EdgeSAM's own predictor appends a padding point to others.
testLayout(trial, "EdgeSAM's export", {
  title: /EdgeSAM's export/,
  graphs: () => graphs,
  builtIn: () => trial.builtIn(edgesam, "edgesam-nano", checkpoint),
  firstToken: 0,
  lacks: ["mask-input"],
  prompts: [box, both],
});

test("a point reaches the decoder alone, without a padding point, and a mask prompt is refused", async () => {
  const { preset, files } = await trial.recognised(graphs);
  const variant = await plugin.load(files, cpu, preset);
  const embedding = await variant.encode(prepare(photo, preset.input));
  const [prediction] = await variant.decode(embedding, [point]);
  await expect(variant.decode(embedding, [masked])).rejects.toThrow("the decoder has no input for one");
  await variant.close();
  const decoder = await openSession(files.decoder!, cpu);
  const [{ x, y, label }] = point.points as [(typeof point.points)[number]];
  const { masks } = await decoder.run({
    image_embeddings: embedding.tensor,
    point_coords: { dims: [1, 1, 2], data: Float32Array.of(x, y) },
    point_labels: { dims: [1, 1], data: Float32Array.of(label) },
  });
  await decoder.close();
  const expected = { dims: masks!.dims.slice(1), data: masks!.data };
  for (const token of [0, 3])
    expect(differenceOf(tokenOf(logitsOf(prediction).lowResLogits, token), tokenOf(expected, token))).toBeLessThan(
      tolerance,
    );
});

test("an encoder that enlarges its coarse map bilinearly is not the published one, and a note says so", async () => {
  const bilinear: OnnxGraph = {
    ...graphs.encoder!,
    nodes: graphs.encoder!.nodes.map((node) =>
      node.operator === "Resize" ? { ...node, attributes: { ...node.attributes, mode: "linear" } } : node,
    ),
  };
  const notesOf = async (encoder: OnnxGraph) =>
    (await trial.recognised({ ...graphs, encoder })).preset.notes.join("\n");
  expect(await notesOf(bilinear)).toContain("the encoder enlarges its coarse map bilinearly");
  expect(await notesOf(graphs.encoder!)).not.toContain("bilinearly");
});
