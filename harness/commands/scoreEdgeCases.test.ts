import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import type { OverlapType } from "../coco/index.ts";
import { HarnessError } from "../errors.ts";
import { scoreFile } from "../results/scores/scoreFile.ts";

/** 264 pairs of small files, as text, with what pycocotools 2.0.11 or lvis-api 0.5.3 makes of them; -1 is no data. */
interface EdgeCase {
  readonly name: string;
  readonly rules: "coco" | "lvis";
  readonly annotations: string;
  readonly detections: string;
  readonly reference: Readonly<Partial<Record<OverlapType, Reference>>>;
}

type Figures = Readonly<Record<string, number>>;

type Reference = { readonly error: true } | { readonly figures: Figures; readonly by_category: Figures };

const file = new URL("../coco/fixtures/edge_cases.json.gz", import.meta.url);
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { readonly cases: readonly EdgeCase[] };

/** Refused, or left out with a warning, on purpose, where the reference takes the file: by the words of the message. */
const stricter: Readonly<Record<string, RegExp>> = {
  "ann_id=1.5": /id: wrong type \(found 1\.5, expected an integer\)/,
  'ann_image_id="1"': /image_id: wrong type \(found "1", expected an integer\)/,
  "ann_bbox=[10, 10, -40, 40]": /1 of 1 annotations left out: box with a negative side/,
  empty_categories: /no such category/,
  dup_image: /another image has this id/,
  dup_category: /another category has this id/,
  dup_category_diffname: /another category has this id/,
  dup_ann_ids_two_boxes: /1 of 2 annotations left out: duplicate id/,
  nan_area: /annotation 1, area \(found NaN\)/,
  "dt_bbox=[10, 10, -4, 4]": /box with a negative side/,
  "dt_category_id=1.5": /category_id: wrong type/,
  'dt_category_id="1"': /category_id: wrong type/,
  "dt_category_id=9": /no such category/,
  "dt_category_id=-1": /no such category/,
  "dt2_category_id=9": /no such category/,
  "dt2_bbox=[10, 10, -4, 4]": /box with a negative side/,
  dt_score_nan: /detection \[0\], score: not a number \(found NaN\)/,
  unknown_dt_cat: /no such category/,
  unknown_cat_in_300: /no such category/,
  dup_ann_ids: /1 of 2 annotations left out: duplicate id/,
};

const folder = mkdtempSync(join(tmpdir(), "sam-bench-edge-"));
const annotations = join(folder, "annotations.json");
const detections = join(folder, "detections.json");
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(cases)("$rules $name", ({ name, rules, reference, ...texts }) => {
  test.each(Object.keys(reference) as OverlapType[])("by %s", async (type) => {
    writeFileSync(annotations, texts.annotations);
    writeFileSync(detections, texts.detections);
    const expected = reference[type]!;
    const found = await outcomeOf(type, rules);
    // Where the reference fails, a figure or a plain refusal will do.
    if ("error" in expected) return;
    const words = stricter[name];
    if (words !== undefined && !agrees(found, expected)) expect(found.text).toMatch(words);
    else expect(found).toEqual({ ...close(expected), text: expect.anything() });
  });
});

test("what is stricter than the reference is stricter on a case that there is", () => {
  const names = new Set(cases.map(({ name }) => name));
  expect(Object.keys(stricter).filter((name) => !names.has(name))).toEqual([]);
  expect(cases).toHaveLength(264);
});

interface Outcome {
  readonly figures?: Figures;
  readonly by_category?: Figures;
  /** The message of a refusal, or the warnings. */
  readonly text: string;
}

async function outcomeOf(type: OverlapType, rules: "coco" | "lvis"): Promise<Outcome> {
  try {
    const found = await scoreFile({ annotations, detections, type, rules, classAgnostic: false, seed: 0 });
    const figures = Object.entries(found.figures).map(([id, { value = -1 }]) => [
      // The tools call recall by category AR as well.
      id.replace("-cat", ""),
      value,
    ]);
    const byCategory = found.categories.map(({ id, value = -1 }) => [String(id), value]);
    return {
      figures: Object.fromEntries(figures),
      by_category: Object.fromEntries(byCategory),
      text: `${found.warnings.join("\n")} `,
    };
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { text: error.message };
  }
}

/** Sums of the same numbers in another order. */
const tolerance = 9;

/** A category without data is in no list of categories here; pycocotools gives it -1. */
function close({ figures, by_category }: Exclude<Reference, { error: true }>) {
  const near = (all: Figures) =>
    Object.fromEntries(Object.entries(all).map(([id, value]) => [id, expect.closeTo(value, tolerance)]));
  const present = Object.fromEntries(Object.entries(by_category).filter(([, value]) => value >= 0));
  return { figures: near(figures), by_category: near(present) };
}

function agrees(found: Outcome, expected: Exclude<Reference, { error: true }>): boolean {
  return Object.entries(expected.figures).every(([id, value]) => Math.abs((found.figures?.[id] ?? -2) - value) <= 1e-9);
}
