import { expect, test } from "vitest";
import { runGraph, wave } from "../../harness/onnx/fixtures/runGraph.ts";
import { GraphBuilder } from "../../harness/onnx/index.ts";
import { exportedBicubic } from "./exported.ts";
import { bicubicMatrix } from "./matrix.ts";

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

test("products with the matrices give what the runtime's bicubic gives, in both axes and at all edges", async () => {
  const dims = [1, 3, 6, 5] as const;
  const graph = new GraphBuilder("test");
  const x = graph.input("x", dims);
  graph.output("resized", exportedBicubic(graph, x, [12, 20]));
  const wider = graph.op("FusedMatMul", [x, bicubicMatrix(graph, [5], 20)], { transB: 1 });
  graph.output("multiplied", graph.op("MatMul", [bicubicMatrix(graph, [6], 12), wider]));
  const { resized, multiplied } = await runGraph(graph.finish(), { x: wave([...dims]) });
  expect(multiplied!.dims).toEqual([1, 3, 12, 20]);
  const errors = resized!.data.map((value, i) => Math.abs(value - multiplied!.data[i]!));
  expect(Math.max(...errors)).toBeLessThan(1e-6);
});

test("the published graph resizes as PyTorch does", () => {
  const graph = new GraphBuilder("test");
  exportedBicubic(graph, graph.input("x", [1, 3, 6, 5]), [12, 10]);
  expect(graph.finish().nodes[0]).toMatchObject({
    operator: "Resize",
    attributes: {
      mode: "cubic",
      coordinate_transformation_mode: "pytorch_half_pixel",
      cubic_coeff_a: { float: -0.75 },
    },
  });
});
