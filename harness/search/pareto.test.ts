import { expect, test } from "vitest";
import { paretoFront } from "./pareto.ts";

test("the front has what no faster or equally fast point is as good as, fastest first", () => {
  const points = [
    { latency: 1, fitness: 0.5 },
    { latency: 0.8, fitness: 0.5 },
    { latency: 0.8, fitness: 0.4 },
    { latency: 0.7, fitness: 0.45 },
    { latency: 0.6, fitness: 0.2 },
    { latency: 0.65, fitness: 0.1 },
  ];
  expect(paretoFront(points)).toEqual([points[4], points[3], points[1]]);
  expect(paretoFront([])).toEqual([]);
});
