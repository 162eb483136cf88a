import { expect, test } from "vitest";
import { chartFile } from "../chart.ts";
import { chartSvg, chartWarnings } from "../drawing/vega.ts";
import { errorByDepthChart } from "./errorByDepth.ts";

const point = (place: number, error: number | undefined, tensor = `blocks.${place}/Add`) => {
  return { tensor, operator: "Add", place, error };
};

test("the first tensor over the tolerance is named in the drawing, the middle of a long name left out", async () => {
  const long = `/image_encoder/${"inner/".repeat(12)}lin2/MatMul_output_0`;
  const points = [point(1, 0), point(2, 3e-6), point(3, 0.02, long), point(4, undefined)];
  const chart = errorByDepthChart({ a: "sam-nano", b: "mine.onnx", points, tolerance: 2e-4, first: 3 });
  expect(chart.alt).toBe(`4 tensors; tolerance 0.0002; the first over it is ${long}.`);
  expect(await chartWarnings(chartFile(chart))).toEqual([]);
  const svg = await chartSvg(chartFile(chart));
  expect(svg).toContain("/image_encoder/inner/in…er/lin2/MatMul_output_0");
  expect(chart.records.at(-1)).toEqual([4, "blocks.4/Add", "Add", "not finite"]);
});

test("where all agree, the largest error is told and no tensor is named", async () => {
  const chart = errorByDepthChart({ a: "a", b: "b", points: [point(1, 0), point(2, 3e-6)], tolerance: 2e-4 });
  expect(chart.caption).toContain("no tensor is over it; the largest error is 3.0e-6.");
  expect(await chartSvg(chartFile(chart))).not.toContain("blocks.2/Add</text>");
});
