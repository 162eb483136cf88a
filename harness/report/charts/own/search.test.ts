import { expect, test } from "vitest";
import { chartSvg, chartWarnings } from "../drawing/vega.ts";
import { searchChart } from "./search.ts";

const points = [
  { id: "method/base/0", latency: 1, fitness: 0.4, front: true },
  { id: "method/base/0.5", latency: 0.8, fitness: 0.35, front: true },
  { id: "method/base/0.4", latency: 0.85, fitness: 0.3, front: false },
];
const spec = searchChart({
  title: "Settings of method/base",
  subtitle: "3 configurations",
  points,
  named: [{ name: "winner", id: "method/base/0.5", latency: 0.8, fitness: 0.35 }],
});

test("Vega-Lite takes the chart without a warning", async () => {
  expect(await chartWarnings(spec)).toEqual([]);
});

test("every configuration is a point, the front is a line, and the named ones have their names", async () => {
  const svg = await chartSvg(spec);
  // Points of the first layer, of the front's line, and of the names.
  expect(svg.match(/aria-roledescription="point"/g)).toHaveLength(3 + 2 + 1);
  expect(svg).toContain(">winner<");
  expect(svg).toContain("encode time over the whole encoder&apos;s".replace("&apos;", "'"));
});
