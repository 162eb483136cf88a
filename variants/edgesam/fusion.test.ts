import { expect, test } from "vitest";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { runGraph, wave } from "../../harness/onnx/fixtures/runGraph.ts";
import { GraphBuilder } from "../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { doubling, multiplied, resized } from "./fusion.ts";

test("enlarging takes a quarter before and behind a pixel, by cubics of a = -0.75, and repeats the edge", () => {
  const matrix = doubling(4);
  const row = (i: number) => [...matrix.subarray(4 * i, 4 * i + 4)];
  const far = -0.03515625;
  const near = 0.26171875;
  const nearest = 0.87890625;
  const beyond = -0.10546875;
  // Distances 1.75, 0.75, 0.25 and 1.25, two of them beyond the first pixel.
  expect(row(0)).toEqual([far + near + nearest, beyond, 0, 0]);
  expect(row(1)).toEqual([beyond + nearest, near, far, 0]);
  expect(row(3)).toEqual([beyond, nearest, near, far]);
  expect(row(4)).toEqual([far, near, nearest, beyond]);
  for (let i = 0; i < 8; i++) expect(row(i).reduce((sum, value) => sum + value)).toBeCloseTo(1, 6);
});

test("two products enlarge as the runtime's bicubic does, in both axes and at all edges", async () => {
  const x = wave([1, 3, 6, 5]);
  const graph = new GraphBuilder("test");
  const module = { graph, checkpoint: seededCheckpoint(), path: "" };
  const input = graph.input("x", x.dims);
  graph.output("resized", resized(module, input));
  graph.output("multiplied", multiplied(module, input));
  const found = await runGraph(graph.finish(), { x });
  expect(found.multiplied!.dims).toEqual([1, 3, 12, 10]);
  expect(differenceOf(found.multiplied!, found.resized!)).toBeLessThan(1e-6);
});

test("the published graph resizes as PyTorch does", () => {
  const graph = new GraphBuilder("test");
  resized({ graph, checkpoint: seededCheckpoint(), path: "" }, graph.input("x", [1, 3, 6, 5]));
  const [resize] = graph.finish().nodes;
  expect(resize).toMatchObject({
    operator: "Resize",
    attributes: {
      mode: "cubic",
      coordinate_transformation_mode: "pytorch_half_pixel",
      cubic_coeff_a: { float: -0.75 },
    },
  });
});
