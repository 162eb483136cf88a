import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { shared } from "../../shared.ts";
import { readAnnotations } from "../read/annotations.ts";
import { readDetectionTable } from "../read/detections/detections.ts";
import { checkDetections, truthOf } from "../read/groundTruth.ts";
import { evaluate } from "./evaluate.ts";
import type { OverlapType } from "./rules.ts";
import { cocoRules, type EvaluationRules, lvisRules, proposalRules } from "./rules.ts";
import { onceEach, summarizer } from "./summarize.ts";

const fixtures = new URL("../fixtures/", import.meta.url);
const fixture = (name: string) => new URL(name, fixtures).pathname;
const golden = (name: string) => JSON.parse(readFileSync(fixture(name), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "sam-bench-evaluate-"));

interface Given {
  readonly annotations: string;
  readonly detections: string;
  readonly type: OverlapType;
  readonly rules: EvaluationRules;
}

async function score({ annotations, detections, type, rules }: Given) {
  const file = await readAnnotations(annotations);
  const table = await readDetectionTable(detections);
  checkDetections(table, file, detections);
  const matches = evaluate({ truth: truthOf(file), detections: table, type, rules });
  const { values, byCategory } = summarizer(matches, file.categories);
  return { values: values(onceEach(matches)), byCategory: byCategory(onceEach(matches)) };
}

/** Compares to 1e-9; the tools write -1 where a value is absent. */
function expectAll(found: readonly { readonly value?: number }[], expected: readonly number[]): void {
  expect(found.map(({ value }) => value === undefined)).toEqual(expected.map((value) => value === -1));
  for (const [i, { value }] of found.entries()) if (value !== undefined) expect(value).toBeCloseTo(expected[i]!, 9);
}

const real = (name: string) => join(shared!, "realset", `${name}.json`);

test.skipIf(shared === undefined).each(["segm", "bbox"] as const)(
  "every number of COCOeval on the real set: %s",
  async (type) => {
    const found = await score({
      annotations: real("coco"),
      detections: fixture("detections_coco.json"),
      type,
      rules: cocoRules,
    });
    const { stats, ap_by_category } = golden("cocoeval.json")[type];
    expectAll(found.values, stats);
    const shown = found.byCategory.filter(({ value }) => value !== undefined);
    expect(shown.map(({ category }) => String(category)).sort()).toEqual(Object.keys(ap_by_category).sort());
    expectAll(
      shown,
      shown.map(({ category }) => ap_by_category[category]),
    );
  },
);

test.skipIf(shared === undefined)("class-agnostic average recall on the real set", async () => {
  const found = await score({
    annotations: real("coco"),
    detections: fixture("detections_coco.json"),
    type: "segm",
    rules: proposalRules,
  });
  const expected = golden("cocoeval.json").segm_class_agnostic_ar as Record<string, number>;
  const names = found.values.map(({ id }) =>
    id.replace(/^AR(.?)@(\d+)$/, (_, split, limit) => `AR@${limit}_${words[split]}`),
  );
  expectAll(
    found.values,
    names.map((name) => expected[name]!),
  );
  expect(names.sort()).toEqual(Object.keys(expected).sort());
});

const words: Readonly<Record<string, string>> = { "": "all", s: "small", m: "medium", l: "large" };

test.skipIf(shared === undefined).each([
  ["lvis", "segm"],
  ["lvis", "bbox"],
  ["lvis_v05_as_released", "segm"],
  ["lvis_v05_as_released", "bbox"],
] as const)("every number of LVISEval on the real set: %s, %s", async (name, type) => {
  const found = await score({
    annotations: real(name),
    detections: fixture(`detections_${name}.json`),
    type,
    rules: lvisRules,
  });
  const expected = golden("lviseval.json")[`${name}_${type}`] as Record<string, number>;
  // lvis-api calls its recall by category AR as well.
  expect(found.values.map(({ id }) => id.replace("-cat", ""))).toEqual(Object.keys(expected));
  expectAll(found.values, Object.values(expected));
});

// Small datasets drawn at random, with crowds, equal scores, images without anything, masks without a pixel, areas that do not
// fit their masks and an annotation 0; expected values are those of pycocotools 2.0.11.
test.each([
  ["segm", "segm", cocoRules],
  ["bbox", "bbox", cocoRules],
  ["segmClassAgnostic", "segm", proposalRules],
  ["bboxClassAgnostic", "bbox", proposalRules],
] as const)("random datasets have the numbers of pycocotools: %s", async (key, type, rules) => {
  const cases = golden("random_cocoeval.json") as readonly {
    readonly annotations: object;
    readonly detections: object;
    readonly expected: Readonly<Record<typeof key, readonly number[]>>;
  }[];
  expect(cases.length).toBeGreaterThan(10);
  for (const [i, each] of cases.entries()) {
    const annotations = join(folder, `${i}.annotations.json`);
    const detections = join(folder, `${i}.detections.json`);
    writeFileSync(annotations, JSON.stringify(each.annotations));
    writeFileSync(detections, JSON.stringify(each.detections));
    const found = await score({ annotations, detections, type, rules });
    const values = [...found.values, ...found.byCategory];
    expectAll(values, each.expected[key]);
  }
});
