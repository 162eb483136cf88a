import { rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { GraphValue, Tensor } from "../api.ts";
import { temporaryFolder } from "./fixtures/runGraph.ts";
import { GraphBuilder } from "./graph.ts";
import { add, mul, reshape } from "./layers.ts";
import { openSession } from "./session.ts";
import { leastScores } from "./sessions/siftedInputs.ts";
import { siftedModel } from "./sifted.ts";
import { writeGraph } from "./write.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

const runtime = { provider: "cpu", threads: 1 };

/** Elements of a constant that is stored beside the model. */
const large = 5 * 2 ** 20;

/**
 * Gives each prompt's two points as predicted IoUs, and of these masks [prompts, 2, 1, 1]: the image's number plus twice the
 * predicted IoU. `masks` may give others.
 */
function decoder(masks: (graph: GraphBuilder, plain: GraphValue) => GraphValue = (_, plain) => plain): string {
  const graph = new GraphBuilder("decoder");
  const points = graph.input("point_coords", ["prompts", 1, 2]);
  const image = graph.input("image_tokens", [1, 1]);
  const beside = graph.constant("beside", "float32", [large], () => new Float32Array(large).fill(2));
  const two = graph.op("Slice", [beside, graph.ints([7]), graph.ints([8]), graph.ints([0])]);
  const scores = graph.op("Relu", [reshape(graph, points, ["prompts", 2])]);
  const plain = reshape(graph, add(graph, mul(graph, scores, two), image), ["prompts", 2, 1, 1]);
  graph.output("low_res_masks", masks(graph, plain));
  graph.output("iou_predictions", scores);
  return writeGraph(graph.finish(), folder);
}

const tensor = (dims: readonly number[], ...values: readonly number[]): Tensor => {
  return { dims, data: Float32Array.from(values) };
};

/** Decodes three prompts with predicted IoUs 0 and 1, 2 and 3, 4 and 5. */
async function decoded(file: string, least: readonly number[]) {
  const session = await openSession(file, { ...runtime, model: siftedModel(file)!.model });
  const feeds = { point_coords: tensor([3, 1, 2], 0, 1, 2, 3, 4, 5), image_tokens: tensor([1, 1], 100) };
  const outputs = await session.run({ ...feeds, [leastScores]: tensor([2], ...least) });
  await session.close();
  return outputs as { readonly low_res_masks: Tensor; readonly iou_predictions: Tensor };
}

test("masks are made of those prompts alone of which one reaches its least score, and scores of all", async () => {
  const file = decoder();
  expect(siftedModel(file)!.masks).toBe(2);
  const { low_res_masks: masks, iou_predictions: scores } = await decoded(file, [4, 3]);
  expect(scores).toEqual(tensor([3, 2], 0, 1, 2, 3, 4, 5));
  expect(masks).toEqual(tensor([2, 2, 1, 1], 104, 106, 108, 110));
});

test("an infinite least score is reached by no mask, and no prompt's masks are made where none reaches its own", async () => {
  const file = decoder();
  const infinite = Number.POSITIVE_INFINITY;
  expect((await decoded(file, [2, infinite])).low_res_masks.dims).toEqual([2, 2, 1, 1]);
  expect((await decoded(file, [infinite, infinite])).low_res_masks).toEqual(tensor([0, 2, 1, 1]));
});

test("a decoder whose masks look at all prompts at once is not sifted", () => {
  const byLargest = decoder((graph, plain) =>
    mul(graph, plain, graph.op("ReduceMax", [plain, graph.ints([0])], { keepdims: 1 })),
  );
  expect(siftedModel(byLargest)).toBeUndefined();
});

test("a decoder that scores its masks is not sifted", () => {
  const graph = new GraphBuilder("decoder");
  const masks = graph.op("Relu", [graph.input("point_coords", ["prompts", 1, 2])]);
  graph.output("low_res_masks", masks);
  graph.output("iou_predictions", reshape(graph, masks, ["prompts", 2]));
  expect(siftedModel(writeGraph(graph.finish(), folder))).toBeUndefined();
});
