import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunReport } from "../../results/report.ts";
import { busyWarnings, quickStart, quickStartLeftOut } from "../fixtures/quickStart.ts";
import { terminalWidth } from "./formats/terminalWidth.ts";
import { resultTable, type TableOptions } from "./tables.ts";

const reports = await quickStart(await mkdtemp(join(tmpdir(), "quick-start-")), busyWarnings);
const quiet = reports.map((report): RunReport => ({ ...report, warnings: [] }));
const steps: TableOptions = {
  leftOut: quickStartLeftOut,
  report: "bench report",
  next: "`bench pull --small` brings 3 published models (105 MB)",
};
const linesAt = (width: number | undefined, options: TableOptions = {}, rows: readonly RunReport[] = reports) =>
  resultTable(rows, { ...steps, width, ...options }).split("\n");
const columnsAt = (width: number) => linesAt(width).find((line) => line.startsWith("variant"));

/** Lines that are no row of a variant. */
const others = (lines: readonly string[]) =>
  lines.filter((line) => !reports.some(({ variant }) => line.startsWith(`${variant} `)));

test("a pipe gets all columns; bold stands in place of the mark of the best", () => {
  const piped = linesAt(undefined);
  expect(piped).toEqual(linesAt(160));
  const coloured = linesAt(140, { style: "bold" });
  const row = coloured.find((line) => line.startsWith("sam-lightening-nano"))!;
  expect(row).toContain("\u001b[1m 21.4!\u001b[22m");
  const plain = coloured.map((line) => line.replaceAll("\u001b[1m", "").replaceAll("\u001b[22m", ""));
  expect(plain.find((line) => line.startsWith("bold: best of its column"))).toBeDefined();
  expect(plain.join("\n")).not.toMatch(/\d\*/);
  expect(plain.find((line) => line.startsWith("---"))!.length).toBeLessThan(
    linesAt(140).find((line) => line.startsWith("---"))!.length,
  );
});

test("there is a line a row and at most 19 others in 100 columns, of which at most four are notes", () => {
  const lines = linesAt(100);
  expect(lines).toHaveLength(reports.length + others(lines).length);
  expect(others(lines).length).toBeLessThanOrEqual(19);
  expect(lines.slice(lines.lastIndexOf("") + 1).length).toBeLessThanOrEqual(4);
  expect(others(linesAt(80)).length).toBeLessThanOrEqual(19);
});

test("a licence that restricts the use of weights stands below the first table too, after its notes", () => {
  const weightsLicence = {
    name: "S-Lab License 1.0",
    summary: "non-commercial use only",
    url: "https://example.org/L",
  };
  const [first, second, ...rest] = reports;
  const rows = [{ ...first!, weightsLicence }, { ...second!, weightsLicence }, ...rest];
  expect(linesAt(200, {}, rows).at(-1)).toBe(
    `licence: the weights that the authors of ${first!.variant}, ${second!.variant} publish are under S-Lab License 1.0, non-commercial use only: https://example.org/L`,
  );
  expect(linesAt(200, { notes: "all" }, rows).filter((line) => line.startsWith("licence: "))).toHaveLength(1);
  expect(linesAt(200).join("\n")).not.toContain("licence");
});

test("no line is wider than the terminal, from 40 columns on", () => {
  for (const width of [40, 60, 80, 100, 120, 140, 160])
    expect([width, ...linesAt(width).filter((line) => terminalWidth(line) > width)]).toEqual([width]);
});

test("columns are left out from the right, and 80 columns keep weights, mIoU by box, total and memory", () => {
  expect(columnsAt(140)).toMatch(/^variant +weights +box +1 point +3 points +ms +ms +ms +MB +× +M +MB$/);
  expect(columnsAt(100)).toMatch(/^variant +weights +box +1 point +3 points +ms +ms +MB$/);
  expect(columnsAt(80)).toMatch(/^variant +weights +box +1 point +ms +MB$/);
  expect(linesAt(80)).toContainEqual(expect.stringMatching(/^ +mIoU +mIoU +total +memory$/));
});

test("a quiet run has no warning and no mark of one", () => {
  const text = linesAt(100, {}, quiet).join("\n");
  expect(text).not.toContain("!");
  expect(linesAt(100, { notes: "all" }, quiet).join("\n")).not.toContain("warnings");
});

test("the row that no other beats is marked, and neither a floor nor seeded weights are ever the best", () => {
  const rowOf = (lines: readonly string[], variant: string) => lines.find((line) => line.startsWith(variant))!;
  const lines = linesAt(140, {}, quiet);
  expect(rowOf(lines, "sam-lightening-nano")).toMatch(/^sam-lightening-nano \^ .* 21\.4\* /);
  expect(rowOf(lines, "sam-nano ")).toMatch(/^sam-nano {2,}nano +39\.5 ±\d\.\d\*/);
  expect(rowOf(lines, "baseline/prompt")).toMatch(/ 60\.5 ±\d\.\d {2}/);
  const fast = { median: 0.1, q1: 0.1, q3: 0.1, middleMean: 0.1, n: 20 };
  const seeded: RunReport = {
    ...quiet[0]!,
    variant: "sam-vit-b",
    weights: "seeded",
    prompts: {},
    latency: { encode: fast, decode: fast },
  };
  const mixed = linesAt(140, {}, [seeded, ...quiet]);
  expect(rowOf(mixed, "sam-vit-b")).toMatch(/^sam-vit-b {2,}seeded +– +– +– +0\.10 +0\.10 +0\.20 +188 /);
  const at = (variant: string) => mixed.findIndex((line) => line.startsWith(variant));
  expect(at("sam-vit-b")).toBe(at("baseline/prompt") + 1);
});

test("rows are sorted by any column, the best first, floors and seeded rows below", () => {
  const order = (sort: string) =>
    linesAt(160, { sort })
      .filter((line) => reports.some(({ variant }) => line.startsWith(`${variant} `)))
      .map((line) => line.split(" ")[0]);
  expect(order("total").slice(0, 3)).toEqual(["sam-lightening-nano", "evit/sam-nano", "evovit/sam-nano"]);
  expect(order("miou.box").at(-2)).toBe("ptq4sam/sam-nano/w4a4");
  expect(order("variant").slice(0, 2)).toEqual(["blvit-nano", "efficientsam-nano"]);
  expect(order("total").at(-1)).toBe("baseline/prompt");
  expect(() => linesAt(160, { sort: "totl" })).toThrow(/^unknown column: totl; did you mean total\?/);
});

test("columns are chosen by their ids, all of them, or those of papers", () => {
  const chosen = linesAt(160, { columns: ["miou.1p", "memory"] });
  expect(chosen.find((line) => line.startsWith("variant"))).toMatch(/^variant +1 point +MB$/);
  expect(() => linesAt(160, { columns: ["miou.2p"] })).toThrow(
    /^unknown column: miou\.2p; did you mean miou\.1p or miou\.3p\?/,
  );
  const wide = linesAt(160, { columns: "wide" }).join("\n");
  for (const title of ["[quartiles]", "GMACs", "prompts"]) expect(wide).toContain(title);
  expect(wide).not.toContain("mIoU small");
  const all = linesAt(160, { columns: "all" }).join("\n");
  for (const title of ["mIoU small", "executed GMACs", "prepare", "constants"]) expect(all).toContain(title);
});

test("runs on two data sets are two tables with one set of notes", () => {
  const coco = quiet.map((report): RunReport => ({ ...report, dataset: "coco", fingerprint: "f2" }));
  const lines = linesAt(100, {}, [...quiet, ...coco]);
  expect(lines.filter((line) => /^(photos|coco), 26 images; accuracy in %/.test(line))).toHaveLength(2);
  expect(lines.filter((line) => line.startsWith("variant "))).toHaveLength(2);
  expect(lines.filter((line) => line.startsWith("report with charts"))).toHaveLength(1);
});
