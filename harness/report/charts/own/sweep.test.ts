import { expect, test } from "vitest";
import { chartSvg, chartWarnings } from "../drawing/vega.ts";
import { chartFile } from "../index.ts";
import { type SweepPicture, sweepChart } from "./sweep.ts";

const picture: SweepPicture = {
  variant: "toy",
  over: "batch and threads",
  x: "batch, images",
  lines: "threads",
  panels: [
    { id: "rate", title: "images/s", bounds: "quartiles" },
    { id: "memory", title: "peak memory, MB", bounds: "none" },
  ],
  places: [1, 2, 4].flatMap((x) =>
    ["1 thread", "2 threads"].map((line, i) => ({
      x,
      line,
      figures: { rate: { value: x * (i + 1), low: x * i, high: x * (i + 2) }, memory: { value: 100 * x } },
    })),
  ),
  knees: [{ panel: "rate", x: 2, line: "2 threads" }],
};

test("each figure has a panel, each value of the second axis a line, and the knee a ring", async () => {
  const spec = chartFile(sweepChart(picture));
  expect(await chartWarnings(spec)).toEqual([]);
  const svg = await chartSvg(spec);
  for (const text of ["batch, images", "images/s", "peak memory, MB", "1 thread", "2 threads", "knee"])
    expect(svg).toContain(text);
  expect(svg.split(">knee<")).toHaveLength(2);
});

test("values without an order stand beside each other, and one axis has no legend", async () => {
  const places = ["float", "int8"].map((x, i) => ({ x, figures: { rate: { value: i + 1 } } }));
  const chart = sweepChart({ ...picture, over: "precision", lines: undefined, places, knees: [] });
  const svg = await chartSvg(chartFile(chart));
  expect(svg).toContain("int8");
  expect(svg).not.toContain("thread");
  expect(chart.caption).not.toContain("knee");
});

test("the table of the chart has the figures with their bounds, and nothing where nothing was measured", () => {
  const places = [{ x: 1, figures: { rate: { value: 3, low: 2, high: 4 } } }];
  expect(sweepChart({ ...picture, lines: undefined, places, knees: [] }).records).toEqual([
    ["batch, images", "images/s", "low", "high", "peak memory, MB", "low", "high"],
    [1, 3, 2, 4, "", "", ""],
  ]);
});
