import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { ownBook } from "../protocols/index.ts";
import { judgementsOf } from "../results/compare/applicable.ts";
import { type Comparison, compareRuns } from "../results/compare/compare.ts";
import { readSide } from "../results/compare/readSide.ts";
import { reportOf } from "../results/report.ts";
import type { StoredRun } from "../store/store.ts";
import { iouByClickCharts } from "./charts/accuracy/iouByClick.ts";
import { chartWarnings } from "./charts/drawing/vega.ts";
import { chartFile } from "./charts/index.ts";
import { judgeCondition, parseCondition } from "./compare/failIf.ts";
import { comparisonsText } from "./compare/text.ts";
import { storeClicks } from "./fixtures/clicks.ts";
import { detailsOf, labelled } from "./html/details.ts";
import { keptRows } from "./html/gallery.ts";
import { resultRecords } from "./table/resultGrid.ts";
import { resultTable } from "./table/tables.ts";

let slow: StoredRun;
let quick: StoredRun;
let comparison: Comparison;

/** Six images; the IoU rises by 0.05 a click from 0.5 on for one variant, and by 0.1 for the other, but never on image 6. */
beforeAll(async () => {
  const results = await mkdtemp(join(tmpdir(), "clicks-"));
  const rising = (step: number) => (image: number, click: number) =>
    image === 6 ? 0.4 : Math.min(0.95, 0.5 + 0.01 * image + step * (click - 1));
  slow = await storeClicks(results, { variant: "sam-vit-b", images: 6, iou: rising(0.05) });
  quick = await storeClicks(results, { variant: "mobilesam", images: 6, iou: rising(0.1) });
  const sides = [await readSide(slow), await readSide(quick)] as const;
  const judged = judgementsOf(sides, ownBook);
  comparison = compareRuns(sides[0], [sides[1]], { metrics: ownBook.metrics, judged, seed: 0, draws: 200 })[0]!;
});

/** Clicks to 0.9 by hand: 0.05 a click from 0.51 … 0.55 takes 9, 9, 9, 9, 8 clicks; the sixth image counts 20. */
const toNinety = { slow: (9 + 9 + 9 + 9 + 8 + 20) / 6, quick: (5 + 5 + 5 + 5 + 5 + 20) / 6 };

test("a table counts clicks with two digits, says so, and has no column of one row a target", async () => {
  const reports = [await reportOf(slow), await reportOf(quick)];
  const text = resultTable(reports, {});
  expect(text).toContain("accuracy in %, NoC@90 in clicks, ± 95 % interval: n 12 by noc");
  expect(text).toMatch(new RegExp(`sam-vit-b +nano +${toNinety.slow.toFixed(2)} ±`));
  expect(text).toMatch(new RegExp(`mobilesam +nano +${toNinety.quick.toFixed(2)} ±\\d.\\d\\d\\*`));
  expect(Object.keys(reports[0]!.prompts.noc!)).not.toContain("miou");
  const record = resultRecords(reports).find((each) => each.includes("noc@90"))!;
  expect(record.slice(5, 10)).toEqual(["noc", "noc", "noc@90", "clicks", toNinety.slow]);
  const share = resultRecords(reports).find((each) => each.includes("unreached@90"))!;
  expect(share.slice(8, 10)).toEqual(["fraction", 1 / 6]);
});

test("a comparison pairs targets click by click, and tells clicks in clicks and shares in points", () => {
  const found = (figure: string) => comparison.figures.find((each) => each.figure === figure)!;
  expect(found("noc@90.noc").difference.value).toBeCloseTo(toNinety.quick - toNinety.slow, 12);
  expect(found("noc@90.noc")).toMatchObject({ unit: "clicks", better: "lower", headline: true, n: 12 });
  expect(found("noc@90.noc").won).toEqual({ higher: 0, alike: 1 / 6, lower: 5 / 6 });
  expect(found("miou@3.noc").difference.value).toBeCloseTo((5 / 6) * 0.1, 12);
  // Those of the other clicks are drawn alone.
  expect(comparison.figures.map(({ figure }) => figure)).toEqual([
    ...["noc@80", "noc@85", "noc@90", "unreached@80", "unreached@85", "unreached@90"].map((id) => `${id}.noc`),
    ...[1, 3, 5, 10, 20].map((click) => `miou@${click}.noc`),
  ]);
  const text = comparisonsText([comparison], { width: 100, wide: true });
  expect(text).toContain("noc@90.noc: no difference shown, −3.17 clicks (95 % interval");
  expect(text).toMatch(/figure +clicks +clicks +clicks/);
  expect(text).toMatch(/figure +% +% +points/);
  expect(comparison.categories).toEqual([]);
});

test("a condition on clicks is a number of clicks, and % is refused", () => {
  const judge = (text: string) => judgeCondition(parseCondition(text), comparison);
  expect(judge("noc@90.noc > 0.5")).toEqual({ met: false, found: "difference −3.167 clicks" });
  expect(judge("noc@90.noc < -3")).toMatchObject({ met: true });
  expect(judge("unreached@90.noc > 1%")).toMatchObject({ met: false });
  expect(() => judge("noc@90.noc > 1%")).toThrow("noc@90.noc is in clicks, not in %");
});

test("the chart has a figure for each of twenty clicks, as the table has it", async () => {
  const runs = labelled([await detailsOf(slow), await detailsOf(quick)]);
  const [chart, ...others] = iouByClickCharts(runs);
  expect(others).toEqual([]);
  expect(chart!.records).toHaveLength(1 + 2 * 20);
  expect(chart!.records[3]).toEqual(["sam-vit-b", 3, 59.17, ...chart!.records[3]!.slice(3, 5), 12]);
  expect(chart!.alt).toContain("mobilesam: 50.83 % after 1 click, 85.83 % after 20.");
  expect(await chartWarnings(chartFile(chart!))).toEqual([]);
});

test("a gallery shows a target after its last click, in whatever order the rows stand", async () => {
  const { rows } = await detailsOf(slow);
  const own = rows.filter(({ image }) => image === 2);
  for (const given of [own, [...own].reverse()])
    expect([...keptRows(given).values()].map(({ target, step }) => `${target} ${step}`).sort()).toEqual([
      "1 20",
      "2 20",
    ]);
});
