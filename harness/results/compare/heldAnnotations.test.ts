import { expect, test } from "vitest";
import type { Dataset } from "../../api.ts";
import { truth } from "../../coco/fixtures/scene.ts";
import { withHeldAnnotations } from "./heldAnnotations.ts";

const at = [0, 0, 5, 5] as const;
const { annotationsOf }: Pick<Dataset, "annotationsOf"> = truth([
  { image: 1, at },
  { image: 2, at },
  { image: 2, at },
  { image: 3, at },
]);

/** A dataset that counts how often it is asked. */
function counted() {
  const asked: number[] = [];
  return {
    asked,
    annotationsOf(image: number) {
      asked.push(image);
      return annotationsOf(image);
    },
  };
}

test("annotations are read once, and are those of the dataset", () => {
  const dataset = counted();
  const held = withHeldAnnotations(dataset);
  for (const image of [1, 2, 3, 4, 1, 2, 3, 4]) expect(held.annotationsOf(image)).toEqual(annotationsOf(image));
  expect(dataset.asked).toEqual([1, 2, 3, 4]);
});

test("those beyond the limit are read anew, and what still fits is held", () => {
  const dataset = counted();
  const held = withHeldAnnotations(dataset, { annotations: 2 });
  for (const image of [1, 2, 3, 1, 2, 3]) expect(held.annotationsOf(image)).toHaveLength(image === 2 ? 2 : 1);
  expect(dataset.asked).toEqual([1, 2, 3, 2]);
});
