import { beforeAll, expect, test } from "vitest";
import { exampleDetails } from "../fixtures/detailed.ts";
import type { DetailedRun } from "../html/details.ts";
import { accuracyLatencyCharts } from "./accuracy/accuracyLatency.ts";
import type { Chart, ChartSpec } from "./chart.ts";
import { chartConfig } from "./drawing/theme.ts";
import { chartSvg, chartWarnings } from "./drawing/vega.ts";
import { chartFile, chartSections } from "./index.ts";

let runs: readonly DetailedRun[];
let charts: readonly Chart[];
beforeAll(async () => {
  runs = await exampleDetails();
  charts = chartSections.flatMap((section) => section.charts(runs));
});

/** One by one, since a list of cases must be there before the examples are. */
const ids = [
  ...["accuracy-latency-box", "accuracy-latency-1p", "latency-encode", "latency-decode", "memory"],
  ...["accuracy-size-box", "accuracy-size-1p", "predicted-iou-box", "predicted-iou-1p"],
];

test("a report has a chart of each kind, by prompts where figures are", () => {
  expect(charts.map(({ id }) => id)).toEqual(ids);
});

test.each(ids)("%s compiles without a warning in both themes, and has marks", async (id) => {
  const chart = charts.find((each) => each.id === id)!;
  expect(await chartWarnings(chartFile(chart))).toEqual([]);
  for (const spec of [chart.spec, chart.narrow ?? chart.spec])
    expect(await chartWarnings({ ...spec, config: chartConfig("dark") })).toEqual([]);
  const svg = await chartSvg(chartFile(chart));
  expect(svg.match(/aria-roledescription="(point|bar|tick|rule mark|line mark|rect)"/g)!.length).toBeGreaterThan(1);
  expect(svg).toContain(chart.title);
});

test("no sample has a layer of its own: a drawing program blends each over the whole picture, for minutes in all", async () => {
  const stages = charts.filter(({ id }) => id.startsWith("latency-"));
  expect(stages).toHaveLength(2);
  for (const chart of stages) {
    const svg = await chartSvg(chartFile(chart));
    expect(svg).toMatch(/ fill-opacity="0\.45"/);
    expect(svg).not.toMatch(/ opacity="0/);
  }
});

test("every chart says what it shows in words, and as a table", () => {
  for (const { alt, spec, records, caption } of charts) {
    expect(alt.length).toBeGreaterThan(20);
    expect(spec.description).toContain(alt);
    expect(caption).toMatch(/\.$/);
    expect(records.length).toBeGreaterThan(1);
    expect(new Set(records.map(({ length }) => length)).size).toBe(1);
  }
});

test("the Pareto front: whoever is beaten in both is not on it", () => {
  // 440 ms and 80 %, 44 ms and 70 %: neither beats the other. A third is slower than the first and worse.
  const [slow, fast] = runs as readonly [DetailedRun, DetailedRun];
  const beaten = { ...fast, label: "beaten", report: { ...fast.report, latency: runs[2]!.report.latency } };
  const [chart] = accuracyLatencyCharts([slow, fast, beaten]);
  expect(chart!.records.slice(1).map((record) => [record[0], record[1], record.at(-1)])).toEqual([
    ["sam-vit-b", 80, "yes"],
    ["mobilesam", 70, "yes"],
    ["beaten", 70, "no"],
  ]);
});

test("a floor, which has no latency, is a line across the chart with its name, in words and in the table too", async () => {
  const [slow, fast] = runs as readonly [DetailedRun, DetailedRun];
  const report = { ...fast.report, role: "floor" as const, title: "filled box / disc", latency: {} };
  const [chart] = accuracyLatencyCharts([slow, { ...fast, report }]);
  const [floor] = (chart!.spec as { layer: readonly { data: object }[] }).layer;
  expect(floor!.data).toEqual({ values: [{ name: "floor: filled box / disc", miou: 70 }] });
  expect(await chartWarnings(chartFile(chart!))).toEqual([]);
  expect(chart!.alt).toContain("1 variants.");
  expect(chart!.alt).toContain("floor: filled box / disc: 70 %.");
  expect(chart!.records.at(-1)!.slice(0, 2)).toEqual(["floor: filled box / disc", 70]);
});

test("variants in one place have their names apart, each with a line from its mark, best first", () => {
  const [slow, fast] = runs as readonly [DetailedRun, DetailedRun];
  const twins = Array.from({ length: 30 }, (_, i) => ({ ...slow, label: `twin ${i}` }));
  const [chart] = accuracyLatencyCharts([slow, ...twins, fast]);
  const found = [chart!.spec, chart!.narrow!].map(namesIn);
  for (const names of found) {
    expect(names.map(({ variant }) => variant)).toEqual(expect.arrayContaining(["sam-vit-b", "mobilesam"]));
    expect(new Set(names.map(({ labelMs, labelAccuracy }) => `${labelMs} ${labelAccuracy}`)).size).toBe(names.length);
    expect(names.some(({ leads }) => leads)).toBe(true);
  }
  // The legend has those that find no room.
  expect(Math.min(...found.map(({ length }) => length))).toBeGreaterThan(5);
  expect(Math.max(...found.map(({ length }) => length))).toBeLessThan(32);
});

interface NameRecord {
  readonly variant: string;
  readonly labelMs: number;
  readonly labelAccuracy: number;
  readonly leads: boolean;
}

function namesIn(spec: ChartSpec): readonly NameRecord[] {
  const { layer } = spec as { layer: readonly { name?: string; data: { values: readonly NameRecord[] } }[] };
  return layer.find(({ name }) => name === "names")!.data.values;
}

test("memory is one bar a variant, as long as its highest stage, with a mark for each stage", async () => {
  const chart = charts.find(({ id }) => id === "memory")!;
  const svg = await chartSvg(chartFile(chart));
  expect(svg.match(/aria-roledescription="bar"/g)).toHaveLength(3);
  expect(svg.match(/aria-roledescription="point"/g)).toHaveLength(9);
  expect(chart.records[1]).toEqual(["sam-vit-b", 600, 2200.4, 2100]);
  expect(svg).toMatch(/aria-label="[^"]*2200.4[^"]*" role="graphics-symbol" aria-roledescription="bar"/);
});

test("a warning belongs to the charts of what it is about", () => {
  const touched = (about: string) => charts.filter(({ touches }) => touches.test(about)).map(({ id }) => id);
  expect(touched("sam-vit-b encode")).toEqual(["accuracy-latency-box", "accuracy-latency-1p", "latency-encode"]);
  expect(touched("images")).toEqual(expect.arrayContaining(["accuracy-size-box", "predicted-iou-1p"]));
  expect(touched("images")).not.toContain("latency-encode");
});

test("a run without accuracy, or without latency, has no chart of that", () => {
  expect(chartSections.flatMap((section) => section.charts([runs[2]!])).map(({ id }) => id)).toEqual([
    "latency-encode",
    "latency-decode",
    "memory",
  ]);
  expect(chartSections.flatMap((section) => section.charts([]))).toEqual([]);
});
