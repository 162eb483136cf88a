import { beforeAll, expect, test } from "vitest";
import type { Manifest } from "../../../store/schema.ts";
import { exampleDetails } from "../../fixtures/detailed.ts";
import type { DetailedRun } from "../../html/details.ts";
import { chartConfig } from "../drawing/theme.ts";
import { chartSvg, chartWarnings } from "../drawing/vega.ts";
import { chartFile } from "../index.ts";
import { accuracySettingCharts } from "./accuracySetting.ts";

let slow: DetailedRun;
let fast: DetailedRun;
beforeAll(async () => {
  [slow, fast] = (await exampleDetails()) as [DetailedRun, DetailedRun];
});

/** The run as if it were of a method with one number to turn. */
function turned(run: DetailedRun, value: number, changes: Partial<Manifest> = {}): DetailedRun {
  const variant = { ...run.manifest.variant, title: "Pruned SAM", setting: { name: "share left out", value } };
  return { ...run, manifest: { ...run.manifest, ...changes, variant } };
}

test("runs of one method stand in the order of their setting, each with all of its prompts", () => {
  const charts = accuracySettingCharts([turned(fast, 0.5), turned(slow, 0)]);
  expect(charts.map(({ title }) => title)).toEqual(["Accuracy by setting: Pruned SAM"]);
  expect(charts[0]!.records.map((record) => record.slice(0, 4))).toEqual([
    ["variant", "prompts", "share left out", "mIoU, %"],
    ["sam-vit-b", "box", 0, 80],
    ["sam-vit-b", "1p", 0, 60],
    ["mobilesam", "box", 0.5, 70],
    ["mobilesam", "1p", 0.5, 50],
  ]);
});

test("compiles without a warning in both themes, with a line and points", async () => {
  const [chart] = accuracySettingCharts([turned(fast, 0.5), turned(slow, 0)]);
  expect(await chartWarnings(chartFile(chart!))).toEqual([]);
  expect(await chartWarnings({ ...chart!.spec, config: chartConfig("dark") })).toEqual([]);
  const svg = await chartSvg(chartFile(chart!));
  expect(svg.match(/aria-roledescription="point"/g)).toHaveLength(4);
  expect(svg).toContain("share left out");
});

test.each<[string, (run: DetailedRun) => DetailedRun]>([
  ["of other weights", (run) => turned(run, 0.5, { weights: { ...run.manifest.weights, label: "others" } })],
  ["on another dataset", (run) => turned(run, 0.5, { dataset: { ...run.manifest.dataset, fingerprint: "other" } })],
  ["of the same setting", (run) => turned(run, 0)],
  ["without a setting", (run) => run],
])("a run %s makes no chart with another", (_, other) => {
  expect(accuracySettingCharts([turned(slow, 0), other(fast)])).toEqual([]);
});
