import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { chartSvg, chartWarnings } from "../../charts/drawing/vega.ts";
import { compareWithPaper } from "../../papers/compare.ts";
import {
  accuracyTable,
  efficiencyTable,
  exampleContext,
  exampleReport,
  latency,
  score,
} from "../../papers/fixtures/comparison.ts";
import { comparisonGrid } from "../../papers/grid.ts";
import { readPublishedTables } from "../../papers/read.ts";
import { comparisonRecords } from "../../papers/records.ts";
import { forPrint, type Grid } from "../grid.ts";
import { csv, exportTable } from "./export.ts";
import { gridSpec } from "./gridSpec.ts";

const reports = [
  exampleReport("sam-vit-h", {
    prompts: {
      box: { protocol: "miou-gtbox", miou: score(0.783, 0.005) },
      "1p": { protocol: "miou-random-points", miou: score(0.532, 0.004) },
    },
    latency: latency(4000, 40),
    modelMemory: { load: 1, encode: 5.73e9, decode: 2 },
    parameters: 641_090_608,
  }),
  exampleReport("mobilesam", {
    images: { finished: 98, failed: 0, planned: 98 },
    notes: ["weights 100 % <real> & $1_000|#{x}~y^2\\z"],
    prompts: { box: { protocol: "miou-gtbox", miou: score(0.76, 0.017, 812) } },
  }),
];

const exportable = (published: typeof accuracyTable) => {
  const comparison = compareWithPaper(published, exampleContext(reports));
  return { grid: comparisonGrid(comparison), records: comparisonRecords(comparison), json: comparison };
};

test("text: ours and the difference beside the paper's, and what to know under it", async () => {
  expect(await exportTable(exportable(accuracyTable), "text")).toMatchInlineSnapshot(`
    "A Paper (arXiv 2401.00001), Table 1
    COCO val2017; mIoU

                                                box, %                           click, %              other, %
    system     configuration  paper               ours  difference  paper  ours (n 36335)  difference     paper
    ---------  -------------  -----  -----------------  ----------  -----  --------------  ----------  --------
    SAM        ViT-H           78.4  78.3 ±0.5 (36335)        −0.1   55.6       53.2 ±0.4       −2.4*         1
    MobileSAM                  74.0   76.0 ±1.7† (812)       +2.0*   43.7             [1]           –         –
    Another                    70.1                  –           –      –               –           –         –

    source: the paper's text; confidence paper: read in the paper's text; protocol miou-gtbox, miou-random-points, miou-elsewhere
    note: a note
    known contradiction: 78.4 is 77.4 elsewhere
    ours: ± half the width of the 95 % interval, [low, high] where it is not symmetric (jackknife by groups of images, none from fewer than 5 images)
    ours: difference: ours less the paper's; * the paper's value is outside our interval
    ours: † on a part of COCO val2017: not the paper's test set
    run sam-vit-h-0123456789ab: checkpoint sam-vit-h.pth; coco, 5000 images, fingerprint f1f2f3; 2 of 2 cores, a cpu, ONNX Runtime 1.30.0, provider cpu
    run mobilesam-0123456789ab: checkpoint mobilesam.pth; coco, 98 images, fingerprint f1f2f3; 2 of 2 cores, a cpu, ONNX Runtime 1.30.0, provider cpu
    mobilesam: weights 100 % <real> & $1_000|#{x}~y^2\\z
    [1] bench run --variants mobilesam --checkpoint mobilesam=FILE --dataset coco --data FOLDER --protocol miou-random-points --prompts 1p
    [1] FOLDER: the images and annotations of COCO val2017
    not filled: no run fills cells of protocol miou-elsewhere: this sam-bench does not measure it
    "
  `);
});

test("text of latency: quartiles, units of the rows, no difference", async () => {
  const text = (await exportTable(exportable(efficiencyTable), "text")) as string;
  expect(text.split("\n").slice(3, 8).join("\n")).toMatchInlineSnapshot(`
    "                        encode, ms  speed-up, ×                 memory                 parameters, M
    system     paper       ours (n 20)        paper  ours   paper     ours  paper    ours     difference
    ---------  -----  ----------------  -----------  ----  ------  -------  -----  ------  -------------
    SAM        216.1  4000 [3600–4400]          1.0  1.00  5.7 GB  5.73 GB    641  641.09          +0.09
    MobileSAM    8.0               [1]         18.5   [1]  309 MB      [1]   9.66     [1]              –"
  `);
});

test("text keeps to the width, and a command that is cut can still be pasted", async () => {
  const text = (await exportTable(exportable(accuracyTable), "text", { width: 80 })) as string;
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  const command = text.slice(text.indexOf("\n[1] ") + 5, text.indexOf("\n[1] FOLDER"));
  expect(command.replaceAll(/ \\\n +/g, " ")).toMatch(/^bench run --variants \S+( --\S+ \S+)+$/);
});

test("markdown: one table, its own characters escaped, commands as code", async () => {
  const markdown = (await exportTable(exportable(accuracyTable), "markdown")) as string;
  const rows = markdown.split("\n").filter((line) => line.startsWith("|"));
  expect(new Set(rows.map((row) => row.split(/(?<!\\)\|/).length)).size).toBe(1);
  expect(rows[2]).toMatch(/^\| SAM \| ViT-H \| 78\.4 \| 78\.3 ±0\.5 \(36335\) \| −0\.1 \|/);
  expect(markdown).toContain("- \\[1\\] `bench run --variants ");
  expect(markdown).toContain("\\<real\\> & $1\\_000\\|\\#\\{x\\}\\~y^2\\\\z");
});

test("latex: booktabs' rules, a rule under each group, every special character escaped", async () => {
  const latex = (await exportTable(exportable(accuracyTable), "latex")) as string;
  const body = latex.split("\n");
  // Plain figures are siunitx's to align; a column with marks or counts in its cells is not.
  const two = "S[table-format=2.1]";
  const one = "S[table-format=1]";
  const uncertain = "S[table-format=2.1(2),separate-uncertainty]";
  expect(body).toContain(`\\begin{tabular}{@{}ll${two}rr${two}${uncertain}r${one}@{}}`);
  expect(body).toContain("\\cmidrule(lr){3-5} \\cmidrule(lr){6-8} \\cmidrule(lr){9-9}");
  expect(body.filter((line) => line.endsWith("\\\\")).map((line) => line.split(" & ").length)).toEqual([5, 9, 9, 9, 9]);
  expect(latex).toContain(
    "100 \\% $<$real$>$ \\& \\$1\\_000$|$\\#\\{x\\}\\textasciitilde{}y\\textasciicircum{}2\\textbackslash{}z",
  );
  // A paper's reader runs nothing: commands that fill a cell are left out, and the cell is a gap.
  expect(latex).not.toMatch(/bench run|-variants/);
  expect(latex).not.toMatch(/^.* & .*\[1\]/m);
  // What pdfLaTeX can not print.
  expect(latex.match(/[^\n\x20-\x7e]/g)).toBeNull();
});

test("csv: one record a line, fields quoted where they have to be", async () => {
  expect(csv([["a", 'say "b", c', undefined, 0.5]])).toBe('a,"say ""b"", c",,0.5\n');
  const lines = ((await exportTable(exportable(accuracyTable), "csv")) as string).trimEnd().split("\n");
  expect(lines).toHaveLength(7);
  expect(lines[1]).toMatch(
    /^example-accuracy,SAM,ViT-H,box,%,78\.4,sam-vit-h,78\.3,77\.8\d*,78\.8\d*,36335,5000,whole,-0\.1/,
  );
});

test("json has the comparison with both bounds", async () => {
  const { rows } = JSON.parse((await exportTable(exportable(accuracyTable), "json")) as string);
  expect(rows[0].cells.box.ours).toMatchObject({ run: "sam-vit-h-0123456789ab", n: 36_335 });
  expect(rows[0].cells.box.ours.low).toBeCloseTo(77.8, 9);
});

test("vega-lite: rect and text marks that hold every cell, with no warning", async () => {
  const { grid } = exportable(accuracyTable);
  const spec = JSON.parse((await exportTable(exportable(accuracyTable), "vega-lite")) as string);
  expect(await chartWarnings(spec)).toEqual([]);
  expect(spec.$schema).toBe("https://vega.github.io/schema/vega-lite/v6.json");
  const marks: { mark: { type: string }; data: { values: { text?: string; fill?: string }[] } }[] = spec.layer;
  expect(new Set(marks.map(({ mark }) => mark.type))).toEqual(new Set(["rect", "text"]));
  const texts = new Set(marks.flatMap(({ data }) => data.values.map(({ text }) => text)));
  for (const text of forPrint(grid).columns.flatMap(({ cells }) => cells))
    expect([text, texts.has(text)]).toEqual([text, true]);
});

test("a spec that Vega-Lite warns of is not drawn", async () => {
  const spec = { ...gridSpec(exportable(accuracyTable).grid) } as Parameters<typeof chartSvg>[0];
  const wrong = { ...spec, layer: [{ mark: "bar", data: { values: [] }, encoding: { shape: { field: "a" } } }] };
  expect(await chartWarnings(wrong as typeof spec)).not.toEqual([]);
  await expect(chartSvg(wrong as typeof spec)).rejects.toThrow("chart: ");
});

test("every published table compiles without a warning", async () => {
  const folder = fileURLToPath(new URL("../../../../results/papers", import.meta.url));
  for (const published of await readPublishedTables(folder)) {
    const grid: Grid = comparisonGrid(compareWithPaper(published, exampleContext(reports)));
    expect([published.table.id, await chartWarnings(gridSpec(grid))]).toEqual([published.table.id, []]);
  }
});

test("svg is drawn without a browser, and all of it lies inside its frame", async () => {
  const svg = (await exportTable(exportable(accuracyTable), "svg")) as string;
  const [, width, height] = /^<svg [^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!.map(Number);
  expect(svg).toContain(">78.3 ±0.5 (36335)</text>");
  for (const [, x, y] of svg.matchAll(/<text [^>]*transform="translate\(([-\d.]+),([-\d.]+)\)/g)) {
    expect(Number(x)).toBeLessThan(width!);
    expect(Number(y)).toBeLessThan(height!);
  }
});

test("png has two pixels for each of the svg", async () => {
  const table = exportable(accuracyTable);
  const svg = (await exportTable(table, "svg")) as string;
  const [, width, height] = /width="([\d.]+)" height="([\d.]+)"/.exec(svg)!.map(Number);
  const png = (await exportTable(table, "png")) as Buffer;
  expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * width!, 2 * height!]);
});

test("a text that a spreadsheet would run gets an apostrophe, a number does not", () => {
  expect(
    csv([
      ["=cmd()", "+1", "-1", "@x", "\tx", "plain"],
      [-1.5, 2, undefined, "a,b", "−3", "-"],
    ]),
  ).toBe(`'=cmd(),'+1,'-1,'@x,'\\tx,plain\n-1.5,2,,"a,b",−3,'-\n`);
});
