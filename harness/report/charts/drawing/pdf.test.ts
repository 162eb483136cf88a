import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { exampleDetails } from "../../fixtures/detailed.ts";
import type { Chart } from "../chart.ts";
import { chartFile, chartSections } from "../index.ts";
import { chartPdf } from "./pdf.ts";

const about = { title: "a figure", file: "figure.pdf", date: new Date("2026-01-02T03:04:05Z") };

let charts: readonly Chart[];
beforeAll(async () => {
  const runs = await exampleDetails();
  charts = chartSections.flatMap((section) => section.charts(runs));
});

/** Poppler's reader of texts, where it is installed. */
const reader = (() => {
  try {
    execFileSync("pdftotext", ["-v"], { stdio: "ignore" });
    return "pdftotext";
  } catch {
    return undefined;
  }
})();

const drawingOf = (pdf: Buffer) =>
  [...pdf.toString("latin1").matchAll(/stream\n([\s\S]*?)\nendstream/g)]
    .map(([, stream]) => inflateSync(Buffer.from(stream!, "latin1")).toString("latin1"))
    .find((stream) => stream.includes(" Tf"))!;

test("every figure is a page of paths and texts in embedded fonts, in both themes", async () => {
  for (const chart of charts)
    for (const theme of ["light", "dark"] as const) {
      const pdf = await chartPdf(chartFile(chart, theme), about);
      const text = pdf.toString("latin1");
      expect([chart.id, text.match(/\/Type \/Page\n/g)?.length]).toEqual([chart.id, 1]);
      expect(text).toMatch(/\/BaseFont \/\w+\+Arimo-Regular/);
      expect(text.match(/\/FontFile\d/g)!.length).toBe(text.match(/\/Type \/FontDescriptor/g)!.length);
      expect(text).not.toContain("/Subtype /Image");
      const drawing = drawingOf(pdf);
      expect([chart.id, drawing.match(/\bTJ\b/g)!.length > 5]).toEqual([chart.id, true]);
      expect([chart.id, drawing.match(/ [lc]\n/g)!.length > 10]).toEqual([chart.id, true]);
    }
});

test("the same figure is the same file, with the date of its runs", async () => {
  const spec = chartFile(charts[0]!);
  const [first, second] = [await chartPdf(spec, about), await chartPdf(spec, about)];
  expect(first.equals(second)).toBe(true);
  expect(first.toString("latin1")).toContain("D:20260102030405Z");
});

test("the axis of percentages is painted within the page", async () => {
  const pdf = await chartPdf(chartFile(charts[0]!), about);
  const [, width, height] = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(pdf.toString("latin1"))!;
  // 640 px of plot with its axis, at 96 px an inch.
  expect(Number(width)).toBeGreaterThan(480);
  expect(Number(width)).toBeLessThan(600);
  expect(Number(height)).toBeGreaterThan(255);
  expect(Number(height)).toBeLessThan(400);
});

test.skipIf(reader === undefined)(
  "a search for a variant's name finds it once, for its halo is no text (needs pdftotext)",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "pdf-"));
    const textOf = async (chart: Chart) => {
      const file = join(folder, `${chart.id}.pdf`);
      writeFileSync(file, await chartPdf(chartFile(chart), about));
      return execFileSync("pdftotext", ["-raw", file, "-"], { encoding: "utf8" });
    };
    const text = await textOf(charts.find(({ id }) => id === "accuracy-latency-box")!);
    for (const name of ["sam-vit-b", "mobilesam", "Accuracy against latency: box", "encode + decode, ms (log scale)"])
      expect([name, text.split(name).length - 1]).toEqual([name, 1]);
  },
);

test("letters that the font lacks are refused with the way out", async () => {
  const chart = { ...charts[0]!, title: "精度 against latency" };
  const failing = expect(chartPdf(chartFile(chart), { ...about, file: "paper/figure.pdf" })).rejects;
  await failing.toThrow(
    "paper/figure.pdf: the font that is embedded in a PDF lacks letters of the figure (found 精 度)",
  );
  await failing.toMatchObject({
    hint: "write paper/figure.svg, which is shown with the fonts of the reader's system",
  });
});
