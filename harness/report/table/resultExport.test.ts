import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type RunReport, reportOf } from "../../results/report.ts";
import { chartWarnings } from "../charts/drawing/vega.ts";
import { exampleDetails } from "../fixtures/detailed.ts";
import { exampleQuantized, storeExample } from "../fixtures/runs.ts";
import { betweenMarks, exportResults, marks, readmeTable } from "./resultExport.ts";

const reports = (await exampleDetails()).map(({ report }) => report);
const elsewhere: readonly RunReport[] = [reports[0]!, { ...reports[1]!, dataset: "coco", fingerprint: "f2" }];

test("markdown: a table of the chosen columns with its notes as a list, the best in bold", async () => {
  const markdown = (await exportResults(reports, "markdown")) as string;
  const rows = markdown.split("\n").filter((line) => line.startsWith("|"));
  expect(rows).toHaveLength(5);
  expect(new Set(rows.map((row) => row.split(/(?<!\\)\|/).length)).size).toBe(1);
  expect(rows[2]).toMatch(/^\| sam-vit-b \^ \| nano \| \*\*80\.0 ±3\.\d\*\* \| \*\*60\.0 ±3\.\d\*\* \| 415 ! \|/);
  const few = (await exportResults(reports, "markdown", { columns: ["memory"] })) as string;
  expect(few.split("\n").filter((line) => line.startsWith("| "))[0]).toBe("| variant | memory: MB |");
  expect(markdown).toContain("- latency: median and quartiles of n = ");
  expect(markdown).toContain("- warning: sam-vit-b encode: two speeds.");
});

test("latex: plain figures in siunitx's columns, gaps and headings in braces, all else as it was", async () => {
  const latex = (await exportResults(reports, "latex")) as string;
  const [preamble] = /\\begin\{tabular\}.*/.exec(latex)!;
  expect(preamble).toMatch(/^\\begin\{tabular\}\{@\{\}llS\[table-format=2\.1\(2\)/);
  expect(preamble).toContain("S[table-format=2.1(2),separate-uncertainty,detect-weight,mode=text]");
  // Quartiles are no figure that siunitx knows.
  expect(await exportResults(reports, "latex", { columns: ["total", "encode-quartiles"] })).toMatch(
    /\{@\{\}lS\[table-format=\d\.\d\]r@\{\}\}|\{@\{\}lS\[[^\]]*\]r@\{\}\}/,
  );
  expect(latex).toMatch(/^sam-vit-b & nano & \\bfseries 80\.0 \+- 3\.\d & \\bfseries 60\.0 \+- 3\.\d & 415 & /m);
  expect(latex).toMatch(/\\caption\{Results on /);
  expect(latex).toMatch(/\\label\{tab:results-/);
  expect(latex).toMatch(/^sam-vit-h & seeded & \{--\} & \{--\} & /m);
  expect(latex.match(/[^\n\x20-\x7e]/g)).toBeNull();
});

test("a licence that restricts the use of weights stands below the table in every format that has notes", async () => {
  const weightsLicence = {
    name: "S-Lab License 1.0",
    summary: "non-commercial use only",
    url: "https://example.org/L",
  };
  const rows = [{ ...reports[0]!, weightsLicence }, reports[1]!];
  for (const format of ["text", "markdown", "latex"] as const)
    expect(String(await exportResults(rows, format))).toMatch(/licence.*S-Lab License 1\.0, non-commercial use only/);
  expect(await readmeTable(rows, {})).toMatch(/\n\nlicence: .*non-commercial use only: https:\/\/example\.org\/L$/);
});

test("what a quantised variant saves on paper is two columns in every format, and none without one", async () => {
  const results = await mkdtemp(join(tmpdir(), "export-"));
  const example = { encodeMs: [20, 21], manifest: exampleQuantized };
  const quantized = await reportOf(await storeExample(results, { variant: "w8a8", ...example }));
  const both = [reports[0]!, quantized];
  const texts = await Promise.all(
    (["text", "markdown", "latex", "csv", "json", "vega-lite"] as const).map(async (format) => [
      format,
      String(await exportResults(both, format, { width: 400, columns: "wide", notes: "all" })),
      String(await exportResults([reports[0]!], format, { width: 400, columns: "wide", notes: "all" })),
    ]),
  );
  for (const [format, text, plain] of texts) {
    const [operations, saved] =
      format === "csv" || format === "json" ? ["30500000000000", "94200000"] : ["30.5 (93.", "94.2 (74."];
    expect([format, text!.includes(operations!), text!.includes(saved!)]).toEqual([format, true, true]);
    expect([format, /bit.operations|bitOperations|storage/.test(plain!)]).toEqual([format, false]);
  }
  const markdown = texts[1]![1]!;
  const csv = texts[3]![1]!;
  expect(markdown).toMatch(/bit operations[^|]*T \(saved\)/);
  expect(markdown).toMatch(/storage[^|]*MB \(saved\)/);
  expect(markdown).toContain("bit operations, storage: counted, not measured");
  expect(csv).toMatch(/,bit-operations-float,,488000000000000,/);
  expect(csv).toMatch(/,storage,bytes,94200000,/);
});

test("csv: a record a figure, with both bounds and plain units", async () => {
  const [header, ...records] = ((await exportResults(reports, "csv")) as string).trimEnd().split("\n");
  expect(header).toBe("run,variant,weights,dataset,images,prompts,protocol,figure,unit,value,low,high,n");
  const of = (figure: string) => records.filter((record) => record.includes(`,${figure},`));
  expect(of("miou")).toHaveLength(4);
  expect(of("miou-small")[0]).toMatch(/,box,miou-gtbox-argmax,miou-small,fraction,0\.[67]\d*,0\.\d+,0\.\d+,5$/);
  expect(of("latency-encode")[0]).toMatch(/,,,latency-encode,ms,415,407\.5,422\.5,4$/);
  expect(of("memory-encode")[0]).toMatch(/,memory-encode,bytes,2200400000,,,$/);
});

test("json is what --json prints", async () => {
  const { runs } = JSON.parse((await exportResults(reports, "json")) as string);
  expect(runs.map(({ variant }: RunReport) => variant)).toEqual(["sam-vit-b", "mobilesam", "sam-vit-h"]);
});

test("vega-lite, svg and png show the table of one dataset, with no warning", async () => {
  const spec = JSON.parse((await exportResults(reports, "vega-lite")) as string);
  expect(await chartWarnings(spec)).toEqual([]);
  expect(JSON.stringify(spec)).toContain('"80.0 ±');
  expect(await exportResults(reports, "svg")).toContain("sam-vit-b");
  expect(((await exportResults(reports, "png")) as Buffer).subarray(1, 4).toString()).toBe("PNG");
  await expect(exportResults(elsewhere, "svg")).rejects.toThrow("shows the runs of one dataset (found 2 datasets)");
});

test("two datasets are two tables", async () => {
  expect(((await exportResults(elsewhere, "markdown")) as string).match(/^\*\*Results on/gm)).toHaveLength(2);
  expect(((await exportResults(elsewhere, "latex")) as string).match(/\\begin\{table\}/g)).toHaveLength(2);
});

test("a table is written between its marks, and again gives the same", () => {
  const text = `before\n${marks.begin}\nold\n${marks.end}\nafter\n`;
  const written = betweenMarks(text, "| a |\n", "README.md");
  expect(written).toBe(`before\n${marks.begin}\n\n| a |\n\n${marks.end}\nafter\n`);
  expect(betweenMarks(written, "| a |\n", "README.md")).toBe(written);
});

test("README's table has the chosen columns, and one line below it that names the page of what the figures mean", async () => {
  const lines = (await readmeTable(reports, {})).split("\n");
  expect(lines[0]).toMatch(/^shapes, 5 images; accuracy in % .*\. ms: median of 2 to 4; 2 threads on 2 cores/);
  const last = lines.findLastIndex((line) => line.startsWith("| "));
  expect(lines.slice(last + 1)).toEqual([
    "",
    expect.stringMatching(
      /^\[What the figures mean\]\(harness\/report\/README\.md\); `bench table --notes` has every note/,
    ),
  ]);
  expect(lines.find((line) => line.startsWith("| mobilesam"))).toContain("| **45.6** |");
});

test.each(["", marks.begin, `${marks.end} ${marks.begin}`, `${marks.begin}${marks.begin}${marks.end}`])(
  "a file without the marks, once and in order, is refused: %s",
  (text) => {
    expect(() => betweenMarks(text, "", "README.md")).toThrow("README.md: no place for the table");
  },
);

test.each(["latex", "vega-lite"] as const)("%s is for a paper: no warning and nothing to type", async (format) => {
  const leftOut = [{ variant: "sam-vit-l", reason: "no checkpoint here", command: "bench pull sam-vit-l" }];
  const [text, printed] = await Promise.all(
    (["markdown", format] as const).map(async (each) => String(await exportResults(reports, each, { leftOut }))),
  );
  expect(text).toMatch(/two speeds/);
  for (const advice of [/two speeds/, /bench /, /--[a-z]/, /left out/]) {
    expect(text).toMatch(advice);
    expect(printed).not.toMatch(advice);
  }
});
