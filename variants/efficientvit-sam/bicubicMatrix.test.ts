import { expect, test } from "vitest";
import { runGraph, wave } from "../../harness/onnx/fixtures/runGraph.ts";
import { GraphBuilder, reshape } from "../../harness/onnx/index.ts";
import { bicubicMatrix } from "./bicubicMatrix.ts";

test("a row between two others is weighted as Keys' cubic with -0.75, and the border is repeated", () => {
  const graph = new GraphBuilder("test");
  const { name } = bicubicMatrix(graph, [4], 8);
  const values = graph
    .finish()
    .constants.find((constant) => constant.name === name)!
    .read() as Float32Array;
  // Row i of the grid lies at i / 2 - 0.25: row 3 is 1.25, 0.25, 0.75 and 1.75 px from the rows of the map.
  const near = 0.87890625;
  const left = -0.10546875;
  const right = 0.26171875;
  const far = -0.03515625;
  expect([...values.subarray(3 * 4, 4 * 4)]).toEqual([left, near, right, far].map(Math.fround));
  expect([...values.subarray(0, 4)]).toEqual([near + right + far, left, 0, 0].map(Math.fround));
});

test("products with the matrices give what the runtime's cubic Resize gives", async () => {
  const graph = new GraphBuilder("test");
  const x = graph.input("x", [1, 3, 8, 8]);
  const how = { mode: "cubic", coordinate_transformation_mode: "pytorch_half_pixel", cubic_coeff_a: { float: -0.75 } };
  graph.output("resized", graph.op("Resize", [x, undefined, undefined, graph.ints([1, 3, 32, 32])], how));
  const matrix = bicubicMatrix(graph, [8], 32);
  const rows = graph.op("FusedMatMul", [reshape(graph, x, [3, 8, 8]), matrix], { transB: 1 });
  graph.output("multiplied", graph.op("MatMul", [matrix, rows]));
  const { resized, multiplied } = await runGraph(graph.finish(), { x: wave([1, 3, 8, 8]) });
  const errors = resized!.data.map((value, i) => Math.abs(value - multiplied!.data[i]!));
  expect(Math.max(...errors)).toBeLessThan(1e-6);
});
