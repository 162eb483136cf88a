import { expect, test } from "vitest";
import type { Annotation } from "../../api.ts";
import { iou, iouWithCrowd } from "../../mask/iou.ts";
import { boxOf, encodeRle } from "../../mask/rle.ts";
import { integer, random } from "../../stats/random.ts";
import { addDetection } from "../read/detections/detections.ts";
import { DetectionTable } from "../read/detections/detectionTable.ts";
import { MatchGroup } from "./match.ts";
import { Overlaps } from "./overlaps.ts";

const size = { height: 9, width: 7 };

test.each([0.1, 0.5])("overlaps from %d on are those of single masks, and lower ones may be left out", (lowest) => {
  const stream = random(0, "test", "overlaps", `${lowest}`);
  // Boxes with a pixel less or more: many of their overlaps are exactly the lowest, or end at the edge of a column.
  const mask = () => {
    const at = [integer(stream, 4), integer(stream, 4), 1 + integer(stream, 4), 1 + integer(stream, 6)] as const;
    const bitmap = Uint8Array.from({ length: size.height * size.width }, (_, i) => {
      const x = (i % size.width) - at[0];
      const y = Math.floor(i / size.width) - at[1];
      return x >= 0 && y >= 0 && x < at[2] && y < at[3] ? 1 : 0;
    });
    bitmap[integer(stream, bitmap.length)]! ^= integer(stream, 2);
    return encodeRle(bitmap, size);
  };
  const table = new DetectionTable("drawn");
  const found = Array.from({ length: 300 }, mask);
  for (const each of found) addDetection(table, { image: 1, category: 1, score: 1, mask: each });
  const truth = Array.from({ length: 40 }, mask);
  const annotations = truth.map((each, i): Annotation => {
    const box = boxOf(each) ?? { x0: 0, y0: 0, x1: 0, y1: 0 };
    return { id: i + 1, image: 1, category: 1, crowd: i % 5 === 0, areaPx: 1, mask: each, box };
  });
  const group = new MatchGroup();
  group.resize(found.length, truth.length);
  for (const [a, { crowd }] of annotations.entries()) group.crowds[a] = crowd ? 1 : 0;
  const overlaps = new Overlaps(table, "segm", 0, lowest);
  overlaps.fill(group, [...found.keys()], annotations, { size, foreignSizesMatchNothing: false });
  let leftOut = 0;
  for (const [d, detection] of found.entries())
    for (const [a, { crowd, mask: own }] of annotations.entries()) {
      const overlap = group.overlaps[d * truth.length + a]!;
      const expected = crowd ? iouWithCrowd(detection, own) : iou(detection, own);
      if (overlap === 0 && expected < lowest && !crowd) leftOut++;
      else expect(overlap).toBe(expected);
    }
  expect(leftOut).toBeGreaterThan(1000);
  expect(leftOut).toBeLessThan(11000);
});
