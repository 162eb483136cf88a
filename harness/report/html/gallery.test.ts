import { expect, test } from "vitest";
import { exampleDetails } from "../fixtures/detailed.ts";
import type { DetailedRun } from "./details.ts";
import { chooseSamples, sharedPrompt } from "./gallery.ts";

const [template] = await exampleDetails();

/** IoU of target t of image i by prompts name. */
function runOf(label: string, iou: (image: number, target: number) => number, images = 6): DetailedRun {
  const [row] = template!.rows;
  const rows = Array.from({ length: images }, (_, i) =>
    [1, 2].flatMap((target) =>
      ["box", "1p"].map((prompts) => ({ ...row!, image: i + 1, target, prompts, iou: iou(i + 1, target) })),
    ),
  );
  return { ...template!, label, rows: rows.flat() };
}

test("a quarter each: worst, best, most different between variants, drawn at random", () => {
  // Means rise with the image; the two differ on image 3 alone.
  const a = runOf("a", (image, target) => image / 10 + target / 1000);
  const b = runOf(
    "b",
    (image, target) => image / 10 + target / 1000 + (image === 3 ? (target === 1 ? 0.05 : -0.04) : 0),
  );
  const samples = chooseSamples([a, b], 8, 0);
  const of = (kind: string) => samples.filter((each) => each.kind === kind);
  expect(samples).toHaveLength(8);
  expect(of("worst").map(({ image, target, prompts }) => [image, target, prompts])).toEqual([
    [1, 1, ["box", "1p"]],
    [2, 1, ["box", "1p"]],
  ]);
  expect(of("best").map(({ image }) => image)).toEqual([6, 5]);
  expect(of("different")[0]).toMatchObject({ image: 3, target: 1 });
  expect(of("random")).toHaveLength(2);
  expect(new Set(samples.map(({ image, target }) => `${image} ${target}`)).size).toBe(8);
});

test("with one variant nothing differs, and the others share the places", () => {
  const samples = chooseSamples([runOf("a", (image) => image / 10)], 9, 0);
  expect(["worst", "best", "random"].map((kind) => samples.filter((each) => each.kind === kind).length)).toEqual([
    3, 3, 3,
  ]);
});

test("the seed draws, and nothing else changes", () => {
  const run = runOf("a", (image) => image / 10);
  expect(chooseSamples([run], 9, 0)).toEqual(chooseSamples([run], 9, 0));
  expect(chooseSamples([run], 9, 1)).not.toEqual(chooseSamples([run], 9, 0));
  expect(chooseSamples([run], 9, 1).filter(({ kind }) => kind === "worst")).toEqual(
    chooseSamples([run], 9, 0).filter(({ kind }) => kind === "worst"),
  );
});

test("only targets that every run has; more places than targets are left empty", () => {
  const samples = chooseSamples([runOf("a", () => 0.5), runOf("b", () => 0.5, 2)], 48, 0);
  expect(samples).toHaveLength(4);
  expect(Math.max(...samples.map(({ image }) => image))).toBe(2);
});

test("of clicks that follow from each model's own mask, those are shown that all have", () => {
  const click = (x: number, label: 0 | 1 = 1) => ({ x, y: 2, label });
  const box = { x0: 0, y0: 0, x1: 4, y1: 4 };
  const shared = sharedPrompt([
    { points: [click(1), click(2), click(3)], box },
    { points: [click(1), click(2), click(3, 0)], box },
  ]);
  expect(shared).toEqual({ points: [click(1), click(2)], box });
  const alone = { points: [click(1), click(2)] };
  expect(sharedPrompt([alone, alone]).points).toEqual(alone.points);
  expect(sharedPrompt([alone, { points: [] }]).points).toEqual([]);
});
