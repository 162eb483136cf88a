import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { DetectionErrors } from "../../api.ts";
import { shared } from "../../shared.ts";
import { evaluateFiles } from "../match/evaluateFiles.ts";
import { cocoRules, lvisRules, type OverlapType } from "../match/rules.ts";
import { truthOf } from "../read/groundTruth.ts";
import { tideOf } from "./tide.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

type Golden = Pick<DetectionErrors, "ap50" | "errors"> & { falsePositives: number; falseNegatives: number };

const { sets } = JSON.parse(readFileSync(here("fixtures/tide.json"), "utf8")) as {
  sets: Readonly<Record<string, Readonly<Partial<Record<OverlapType, Golden>>>>>;
};

async function errorsOf(annotations: string, detections: string, type: OverlapType): Promise<DetectionErrors> {
  const rules = (file: { readonly format: string }) => (file.format === "lvis" ? lvisRules : cocoRules);
  const read = await evaluateFiles({ annotations, detections, type, rules });
  return tideOf({ ...read, truth: truthOf(read.annotations), rules: rules(read.annotations) });
}

function expectEqual(found: DetectionErrors, golden: Golden): void {
  expect(Math.abs(found.ap50 - golden.ap50)).toBeLessThan(1e-9);
  for (const [kind, { n, cost }] of Object.entries(golden.errors)) {
    const { [kind as keyof typeof found.errors]: own } = found.errors;
    expect(own.n, kind).toBe(n);
    expect(Math.abs(own.cost - cost), kind).toBeLessThan(1e-9);
  }
  expect(Math.abs(found.falsePositives.cost - golden.falsePositives)).toBeLessThan(1e-9);
  expect(Math.abs(found.falseNegatives.cost - golden.falseNegatives)).toBeLessThan(1e-9);
}

test.each(["segm", "bbox"] as const)("errors of %s on the free photos are those of the authors' tool", async (type) => {
  const annotations = here("../../../datasets/photos/instances.json");
  expectEqual(await errorsOf(annotations, here("fixtures/detections_photos.json"), type), sets.photos![type]!);
});

describe.skipIf(shared === undefined)("on the real set, where ../shared lies", () => {
  test.each(["coco", "lvis", "lvis_v05_as_released"])(
    "errors of the detections of %s are those of the authors' tool",
    async (name) => {
      const annotations = join(shared!, "realset", `${name}.json`);
      expectEqual(await errorsOf(annotations, here(`../fixtures/detections_${name}.json`), "segm"), sets[name]!.segm!);
    },
  );
});
