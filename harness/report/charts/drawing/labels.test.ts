import { expect, test } from "vitest";
import { random } from "../../../stats/random.ts";
import { type LabelledMark, overlap, placeLabels } from "./labels.ts";

const room = { width: 300, height: 280, fontSize: 11, markRadius: 6, farthest: 66 };

test("a lone mark has its label to the right, and to the left where the plot ends", () => {
  const [middle] = placeLabels([{ text: "sam-nano", x: 100, y: 100 }], room);
  expect(middle).toMatchObject({ x: 111, y: 100, align: "left", leads: false });
  const [edge] = placeLabels([{ text: "sam-nano", x: 290, y: 100 }], room);
  expect(edge).toMatchObject({ x: 279, y: 100, align: "right" });
});

test("no label leaves the plot, lies over a mark or over another label, however the marks lie", () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const draw = random(seed, "labels");
    const marks: readonly LabelledMark[] = Array.from({ length: 14 }, (_, i) => ({
      text: `method-${i}/sam-nano`,
      x: 10 + 280 * draw.next(),
      // Half of them in a heap.
      y: i % 2 === 0 ? 140 + 8 * draw.next() : 10 + 260 * draw.next(),
    }));
    const places = placeLabels(marks, room).filter((place) => place !== undefined);
    expect(places.length).toBeGreaterThan(4);
    for (const [i, { box }] of places.entries()) {
      expect(Math.min(box.x0, box.y0)).toBeGreaterThanOrEqual(0);
      expect(box.x1).toBeLessThanOrEqual(room.width);
      expect(box.y1).toBeLessThanOrEqual(room.height);
      for (const other of places.slice(i + 1)) expect(overlap(box, other.box)).toBe(false);
      for (const { x, y } of marks) expect(overlap(box, { x0: x - 6, x1: x + 6, y0: y - 6, y1: y + 6 })).toBe(false);
    }
  }
});

test("a label without a place is left out, and the first marks come first", () => {
  const narrow = { ...room, width: 90, height: 14 };
  const marks = [
    { text: "first", x: 7, y: 7 },
    { text: "second name", x: 80, y: 7 },
  ];
  expect(placeLabels(marks, narrow).map((place) => place !== undefined)).toEqual([true, false]);
});

test("away from its mark a label has a line, and what is taken stays free", () => {
  const taken = [
    { x0: 80, y0: 80, x1: 300, y1: 120 },
    { x0: 0, y0: 80, x1: 100, y1: 120 },
  ];
  const [place] = placeLabels([{ text: "a", x: 100, y: 100 }], { ...room, taken });
  expect(place!.leads).toBe(true);
  expect(taken.some((box) => overlap(box, place!.box))).toBe(false);
});
