import type { AnnotatedCategory } from "../coco/index.ts";
import type { Findings } from "./findings.ts";
import type { PublishedSplit } from "./splits.ts";

/**
 * COCO's ids of its 80 categories: of 91 that were planned, eleven were dropped and left gaps. Source: the categories of
 * instances_val2017.json.
 */
const cocoCategories = `
  1 person, 2 bicycle, 3 car, 4 motorcycle, 5 airplane, 6 bus, 7 train, 8 truck, 9 boat, 10 traffic light, 11 fire hydrant,
  13 stop sign, 14 parking meter, 15 bench, 16 bird, 17 cat, 18 dog, 19 horse, 20 sheep, 21 cow, 22 elephant, 23 bear, 24 zebra,
  25 giraffe, 27 backpack, 28 umbrella, 31 handbag, 32 tie, 33 suitcase, 34 frisbee, 35 skis, 36 snowboard, 37 sports ball,
  38 kite, 39 baseball bat, 40 baseball glove, 41 skateboard, 42 surfboard, 43 tennis racket, 44 bottle, 46 wine glass, 47 cup,
  48 fork, 49 knife, 50 spoon, 51 bowl, 52 banana, 53 apple, 54 sandwich, 55 orange, 56 broccoli, 57 carrot, 58 hot dog,
  59 pizza, 60 donut, 61 cake, 62 chair, 63 couch, 64 potted plant, 65 bed, 67 dining table, 70 toilet, 72 tv, 73 laptop,
  74 mouse, 75 remote, 76 keyboard, 77 cell phone, 78 microwave, 79 oven, 80 toaster, 81 sink, 82 refrigerator, 84 book,
  85 clock, 86 vase, 87 scissors, 88 teddy bear, 89 hair drier, 90 toothbrush`;

const cocoIds: ReadonlyMap<string, number> = new Map(
  cocoCategories.split(",").map((entry) => {
    const [, id, name] = /(\d+) (.+)/.exec(entry.trim())!;
    return [name!, Number(id)];
  }),
);

/** Ids of a few categories that both releases of LVIS have, and which tell the releases apart. */
const lvisLandmarks: ReadonlyMap<string, { readonly v1: number; readonly v05: number }> = new Map([
  ["aerosol_can", { v1: 1, v05: 2 }],
  ["airplane", { v1: 3, v05: 4 }],
  ["glove", { v1: 500, v05: 506 }],
  ["spoon", { v1: 1000, v05: 1018 }],
  ["zucchini", { v1: 1203, v05: 1230 }],
]);

/** Facts by which the ids of a file's categories are judged. */
interface CategoryFacts {
  readonly format: "coco" | "lvis";
  readonly categories: readonly AnnotatedCategory[];
  /** Split that the file's name says it is. */
  readonly split: PublishedSplit | undefined;
  /** Release of LVIS that the images' file names have the form of; absent where they have neither's. */
  readonly release?: LvisRelease;
}

export type LvisRelease = "v1" | "v0.5";

/** Finds out whether the categories have the ids that results files of this data set have. */
export function checkCategories(facts: CategoryFacts, findings: Findings): void {
  if (facts.format === "coco") checkCoco(facts.categories, findings);
  else checkLvis(facts, findings);
}

/** Judges files most of whose categories are COCO's: others may have any ids. */
function checkCoco(categories: readonly AnnotatedCategory[], findings: Findings): void {
  const known = categories.filter(({ name }) => cocoIds.has(name));
  if (known.length * 2 < categories.length) return;
  const other = known.filter(({ id, name }) => cocoIds.get(name) !== id);
  const [first] = other;
  if (first === undefined) return;
  const ids = categories.map(({ id }) => id);
  const least = ids.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const largest = ids.reduce((a, b) => Math.max(a, b), 0);
  const gapless = largest - least + 1 === ids.length ? `${least} to ${largest} without COCO's gaps, ` : "";
  findings.add(
    "category-scheme",
    "fault",
    `${gapless}${first.name} is ${first.id} here and ${cocoIds.get(first.name)} in COCO: results with COCO's ids score as other things`,
    other.length,
  );
}

/** Compares the release that the ids are of with the one that the file's name and its images are of. */
function checkLvis({ categories, split, release }: CategoryFacts, findings: Findings): void {
  const known = categories.filter(({ name }) => lvisLandmarks.has(name));
  if (known.length === 0) return;
  const of = (scheme: "v1" | "v05") => known.filter(({ id, name }) => lvisLandmarks.get(name)![scheme] === id).length;
  const found = of("v1") === known.length ? "v1" : of("v05") === known.length ? "v0.5" : "neither";
  const named = split === undefined ? undefined : split.id.includes("v0.5") ? "v0.5" : "v1";
  const expected = named ?? release;
  const [{ id, name }] = known as [AnnotatedCategory];
  if (found === "neither")
    findings.add("category-scheme", "fault", `${name} is ${id}, in no release of LVIS`, known.length);
  else if (expected !== undefined && expected !== found)
    findings.add(
      "category-scheme",
      "fault",
      `categories of LVIS ${found} (${name} is ${id}) in a file ${named === undefined ? "whose images are named as those" : "named as one"} of ${expected}`,
      categories.length,
    );
}
