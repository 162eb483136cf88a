import { expect, test } from "vitest";
import { ap, calibration, miou } from "../../metrics/index.ts";
import { judgementOf, ownBook, protocolOf } from "../../protocols/index.ts";
import { exampleSide, simulatedSides } from "../../report/compare/fixtures/sides.ts";
import { compareBeside } from "./beside.ts";
import { compareRuns } from "./compare.ts";
import type { FigureDifference } from "./differences.ts";

test("the headline and its verdict are those of a comparison of the two alone, to the last digit", () => {
  const { a, b } = simulatedSides(2, 40, -0.05);
  const judged = Object.fromEntries(["miou-gtbox-argmax"].map((id) => [id, judgementOf(protocolOf(id))]));
  const [alone] = compareRuns(a, [b], { metrics: [miou, calibration], judged, seed: 0 });
  const [beside, again] = compareBeside(a, [b, b], { seed: 0 });
  const headline = (figures: readonly FigureDifference[]) => figures.filter((each) => each.headline);
  expect(headline(beside!.figures)).toEqual(headline(alone!.figures));
  expect(beside!.verdict.outcome).toBe("worse");
  expect(again).toEqual(beside);
});

test("a protocol that is judged by annotations is not compared by rows alone", () => {
  const detections = exampleSide({ ious: { det: [[0.5]] }, manifest: { protocols: { det: "ap-gtbox" } } });
  const side = { ...detections, manifest: { ...detections.manifest, protocols: { det: "ap-gtbox" } } };
  expect(compareBeside(side, [side], { seed: 0 })).toEqual([undefined]);
  expect(ownBook.metrics).toContain(ap);
});
