import { expect, test } from "vitest";
import { encodeRle, formatCounts, rleFromBox } from "../../../../mask/index.ts";
import { targetAt, targetsIn } from "./targets.ts";

const size = { height: 20, width: 30 };
const boxes = { plate: { x0: 2, y0: 2, x1: 28, y1: 18 }, egg: { x0: 10, y0: 5, x1: 14, y1: 9 } };
const served = Object.entries(boxes).map(([category, box], i) => ({
  id: String(i),
  category,
  box,
  counts: formatCounts(rleFromBox(box, size)),
}));
const [plate, egg] = served;

test("targets come with their areas, the largest first", () => {
  const targets = targetsIn([egg, plate], size, "targets/1.json");
  expect(targets.map(({ category, areaPx }) => [category, areaPx])).toEqual([
    ["plate", 416],
    ["egg", 16],
  ]);
});

test("a click chooses the smallest target under it", () => {
  const targets = targetsIn(served, size, "targets/1.json");
  expect(targetAt(targets, { x: 13.9, y: 8.9 })?.category).toBe("egg");
  expect(targetAt(targets, { x: 14.1, y: 8.9 })?.category).toBe("plate");
  expect(targetAt(targets, { x: 1.9, y: 8.9 })).toBeUndefined();
  expect(targetAt(targets, { x: -1, y: 8 })).toBeUndefined();
});

test("a target without a category is called by its id", () => {
  const [target] = targetsIn([{ ...plate, category: undefined }], size, "targets/1.json");
  expect(target!.category).toBe("target 0");
});

test("targets of another photo, or of none, are refused in words", () => {
  const other = { height: 21, width: 30 };
  expect(() => targetsIn(served, other, "targets/1.json")).toThrow(
    "targets/1.json: target 0: run lengths do not add up",
  );
  expect(() => targetsIn([{ ...plate, counts: 7 }], size, "targets/1.json")).toThrow("targets/1.json: field 0.counts");
  expect(
    targetsIn([{ ...plate, counts: formatCounts(encodeRle(new Uint8Array(600), size)) }], size, "x")[0]!.areaPx,
  ).toBe(0);
});
