import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { memoryConsole } from "./fixtures/bench.ts";
import { annotation, at, detection, scored, truth, write } from "./fixtures/scoring.ts";
import { score } from "./score.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const photos = {
  annotations: here("../../datasets/photos/instances.json"),
  detections: here("../coco/errors/fixtures/detections_photos.json"),
  type: "segm",
};

async function textOf(given: object): Promise<string> {
  const console = memoryConsole();
  expect(await score.run({ interval: false, errors: true, ...given }, console)).toBe(0);
  return console.said.out;
}

test("a detection of the right mask under another name is a classification error that costs its half", async () => {
  const other = { ...truth, categories: [...truth.categories, { id: 4, name: "fork" }] };
  // A cup is found, and the other one is called a fork: AP50 of cups is 51 / 101, of forks 0; mended it is 1, of cups alone.
  const cup = { ...detection, image_id: 1 };
  const fork = { ...detection, image_id: 2, category_id: 4, score: 0.4 };
  const { errors } = await scored([cup, fork], { errors: true }, other);
  expect(errors.ap50).toBeCloseTo(51 / 101 / 2, 12);
  expect(errors.errors.classification).toEqual({ n: 1, cost: expect.closeTo(1 - 51 / 101 / 2, 12) });
  expect(errors.errors.missed).toEqual({ n: 0, cost: 0 });
  expect(errors.falsePositives.n).toBe(1);
  expect(errors.falseNegatives.n).toBe(1);
});

test("an annotation that nothing is meant for is missed, and one found twice has a duplicate", async () => {
  const twice = [detection, { ...detection, score: 0.4 }];
  const { errors } = await scored(twice, { errors: true });
  expect(errors.errors.duplicate.n).toBe(1);
  expect(errors.errors.missed).toEqual({ n: 1, cost: expect.closeTo(1 - errors.ap50, 12) });
});

test("slices hold each image once, and the parts of one kind add up to the whole", async () => {
  const console = memoryConsole();
  await score.run({ ...photos, errors: true, json: true, interval: true }, console);
  const { slices, figures, images } = JSON.parse(console.said.out);
  for (const by of ["photo size", "annotations of an image"]) {
    const parts = slices.filter((slice: { by: string }) => slice.by === by);
    expect(parts.length).toBeGreaterThan(1);
    const sum = (field: string) => parts.reduce((all: number, part: Record<string, number>) => all + part[field]!, 0);
    expect(sum("images")).toBe(images);
    expect(sum("n")).toBe(figures.AP.n);
  }
  const sizes = slices.filter(({ by }: { by: string }) => by === "size");
  expect(sizes.map(({ value }: { value: number }) => value)).toEqual(
    ["APs", "APm", "APl"].map((id) => figures[id].value),
  );
});

test("a slice's average precision is that of its images scored alone", async () => {
  const few = [annotation(1, 1), annotation(2, 2), annotation(3, 2, [40, 10, 10, 10])];
  const { slices } = await scored([detection], { errors: true }, { ...truth, annotations: few });
  const [one, two] = slices.filter(({ by }: { by: string }) => by === "annotations of an image");
  expect(one).toMatchObject({ title: "1", images: 1, n: 1, value: expect.closeTo(1, 9) });
  expect(two).toMatchObject({ title: "2", images: 1, n: 2, value: 0 });
});

test("the text has a line for each kind of error, and names what it shows of categories", async () => {
  const text = await textOf(photos);
  for (const kind of ["localisation", "classification", "duplicate", "background", "both", "missed"])
    expect(text).toMatch(new RegExp(`^${kind} `, "m"));
  expect(text).toContain("AP by slices; of categories the 10 lowest with 10 annotations or more");
  expect(text).not.toContain("NaN");
});

test("errors by kind need categories", async () => {
  const flags = { annotations: write(truth), detections: write([{ ...detection, box: at }]), "class-agnostic": true };
  await expect(score.run({ ...flags, errors: true, interval: true }, memoryConsole())).rejects.toThrow(
    "--errors: --class-agnostic knows no categories",
  );
});
