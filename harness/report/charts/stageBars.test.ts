import { beforeAll, expect, test } from "vitest";
import { exampleDetails } from "../fixtures/detailed.ts";
import type { DetailedRun } from "../html/details.ts";
import { chartFile } from "./chart.ts";
import { coldStartCharts } from "./coldStart.ts";
import { chartConfig } from "./drawing/theme.ts";
import { chartSvg, chartWarnings } from "./drawing/vega.ts";
import { everythingCharts } from "./everythingStages.ts";

let runs: readonly DetailedRun[];
beforeAll(async () => {
  runs = await exampleDetails();
});

const summary = (median: number) => ({ median, q1: median, q3: median, middleMean: median, n: 5 });
const stages = {
  library: summary(5),
  load: summary(2),
  "load-cold": summary(20),
  create: summary(40),
  optimise: summary(-3),
  "first-encode": summary(60),
  "first-decode": summary(4),
};

function started(change: Partial<typeof stages> = {}): readonly DetailedRun[] {
  const [first, second] = runs as readonly [DetailedRun, DetailedRun];
  const withStart = (run: DetailedRun, own: typeof stages) => ({
    ...run,
    report: { ...run.report, coldStart: { stages: own } },
  });
  return [withStart(first, stages), withStart(second, { ...stages, ...change }), runs[2]!];
}

test("a cold start is a bar of its stages from the disk to the first mask, and what each image takes then stands behind it", async () => {
  const [chart] = coldStartCharts(started());
  expect(chart!.records.map(([variant, ...times]) => [variant, times.slice(0, 6)])).toEqual([
    ["variant", ["library, ms", "disk, ms", "create, ms", "optimise, ms", "first encode, ms", "first decode, ms"]],
    [runs[0]!.label, [5, 18, 40, -3, 60, 4]],
    [runs[1]!.label, [5, 18, 40, -3, 60, 4]],
  ]);
  expect(chart!.records[0]!.at(-1)).toBe("steady, ms");
  expect(await chartWarnings(chartFile(chart!))).toEqual([]);
  expect(await chartWarnings({ ...chart!.spec, config: chartConfig("dark") })).toEqual([]);
  // 5 + 18 + 40 + 60 + 4: what is below 0 has no length.
  expect(await chartSvg(chartFile(chart!))).toMatch(/>127, then \d/);
});

test("where one row has no cold read, no bar has a disk's time, and the caption names none", () => {
  const [chart] = coldStartCharts(started({ "load-cold": undefined as never }));
  expect(chart!.records.slice(1).map((record) => record[2])).toEqual(["", ""]);
  expect(chart!.caption).not.toContain("disk");
  expect(coldStartCharts(runs)).toEqual([]);
});

test("everything mode has a chart for each prompts name, with its stages in seconds", async () => {
  const ms = {
    prepare: summary(10),
    encode: summary(200),
    decode: summary(3000),
    upscale: summary(400),
    filter: summary(50),
  };
  const [first] = runs as readonly [DetailedRun];
  const report = { ...first.report, everythingStages: { "anything-32": { ms, peakBytes: {} } } };
  const [chart] = everythingCharts([{ ...first, report }, runs[1]!]);
  expect(chart!.id).toBe("everything-anything-32");
  expect(chart!.records).toEqual([
    ["variant", "prepare, s", "encode, s", "decode, s", "upscale, s", "filter, s"],
    [first.label, 0.01, 0.2, 3, 0.4, 0.05],
  ]);
  expect(await chartWarnings(chartFile(chart!))).toEqual([]);
  expect(await chartSvg(chartFile(chart!))).toContain(">3.66<");
});
