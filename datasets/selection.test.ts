import { expect, test } from "vitest";
import { HarnessError } from "../harness/errors.ts";
import { selectImages } from "./selection.ts";

const size = { height: 1, width: 1 };
const records = [5, 3, 9, 4].map((id) => ({ id, fileName: `${id}.jpg`, size }));
const idsOf = (options: Parameters<typeof selectImages>[1]) => selectImages(records, options).map(({ id }) => id);

test("images keep the order of the dataset, and a limit takes the first", () => {
  expect(idsOf({})).toEqual([5, 3, 9, 4]);
  expect(idsOf({ limit: 2 })).toEqual([5, 3]);
  expect(idsOf({ limit: 100 })).toEqual([5, 3, 9, 4]);
  expect(idsOf({ images: [4, 5, 4] })).toEqual([5, 4]);
  expect(idsOf({ images: [4, 9, 5], limit: 2 })).toEqual([5, 9]);
});

test.each([0, -1, 1.5])("a limit of %s is refused", (limit) => {
  expect(() => idsOf({ limit })).toThrow(`--limit: must be at least 1 (found ${limit})`);
});

test("an unknown image is refused by name", () => {
  expect(() => idsOf({ images: [5, 6] })).toThrow(/unknown image: 6; known: 5, 3, 9, 4/);
  const many = Array.from({ length: 30 }, (_, id) => ({ id, fileName: "", size }));
  expect(() => selectImages(many, { images: [77] })).toThrow(HarnessError);
  expect(() => selectImages(many, { images: [77] })).toThrow(
    /unknown image: 77 \(expected one of 30 ids, such as 0, 1/,
  );
});
