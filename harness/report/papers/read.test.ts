import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { HarnessError } from "../../errors.ts";
import { shared } from "../../shared.ts";
import { latencyProtocol, natureOf } from "./measured.ts";
import { publishedTable, readPublishedTables } from "./read.ts";
import { evaluationSets } from "./sets.ts";

const folder = fileURLToPath(new URL("../../../results/papers", import.meta.url));

const table = {
  id: "t1",
  table: "Table 1",
  metric: "mIoU",
  unit: "%",
  confidence: "paper",
  source: "the paper's text",
  columns: [{ id: "miou" }],
  rows: [{ system: "SAM", values: { miou: 78.4 } }],
};

async function failureOf(...files: readonly unknown[]): Promise<string> {
  const written = await mkdtemp(join(tmpdir(), "papers-"));
  for (const [i, file] of files.entries())
    await writeFile(join(written, `${i}.json`), typeof file === "string" ? file : JSON.stringify(file));
  const error: unknown = await readPublishedTables(written).catch((thrown: unknown) => thrown);
  if (error instanceof HarnessError) return error.message.replaceAll(`${written}/`, "");
  throw new Error("expected a HarnessError");
}

const paperOf = (...tables: readonly unknown[]) => ({ schema: 1, paper: "A Paper", tables });

test("the project's papers are read, every table with columns that its values are in", async () => {
  const tables = await readPublishedTables(folder);
  expect(tables).toHaveLength(68);
  expect(publishedTable(tables, "sam-t5-coco").table.rows[1]).toEqual({
    system: "SAM",
    config: "ViT-H, + one mask-refinement iteration",
    variant: "sam-vit-h",
    values: { AP: 46.5, AP_S: 30.8, AP_M: 51, AP_L: 61.7 },
  });
  expect(() => publishedTable(tables, "sam-t5-coc")).toThrow(
    "unknown paper table: sam-t5-coc; did you mean sam-t5-coco?",
  );
});

test("two columns that a run could fill measure the same only where rows name a variant for each column", async () => {
  for (const { table } of await readPublishedTables(folder)) {
    const measures = table.columns
      .flatMap(({ measures }) => measures ?? [])
      .filter(({ protocol, dataset }) => dataset !== undefined || protocol === latencyProtocol)
      .map((measure) => JSON.stringify(measure));
    const rowsOfOne = table.rows.filter(({ variant }) => variant !== undefined);
    if (new Set(measures).size < measures.length) expect([table.id, rowsOfOne]).toEqual([table.id, []]);
  }
});

test("every data set that a column or a row names is one whose images are known", async () => {
  for (const { table } of await readPublishedTables(folder)) {
    const named = [...table.columns, ...table.rows].flatMap(({ measures }) => measures?.dataset ?? []);
    expect([table.id, named.filter((id) => !(id in evaluationSets))]).toEqual([table.id, []]);
  }
});

test("a measure without a protocol is one that no protocol changes", async () => {
  for (const { table } of await readPublishedTables(folder))
    for (const { measures } of table.columns)
      if (measures !== undefined && measures.protocol === undefined) expect(natureOf(measures)).toBe("model");
});

test.skipIf(shared === undefined)("nothing of the collected tables is lost or changed", async () => {
  type Loose = Record<string, unknown>;
  const collected = JSON.parse(readFileSync(join(shared!, "paper_tables.json"), "utf8")) as {
    readonly tables: readonly (Loose & { readonly id: string; readonly rows: readonly Loose[] })[];
    readonly claims: readonly unknown[];
    readonly missing: readonly unknown[];
  };
  // Not recorded is null, empty or a dash there, and left out here.
  const recorded = (object: Loose) =>
    Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== "" && value !== "-"));
  // The project says in its own words where a table was read and what of the paper is unknown.
  const expected = collected.tables.map(({ rows, source: _, note: __, ...about }) => ({
    ...recorded(about),
    rows: rows.map((row) => ({
      ...recorded(row),
      settings: row.settings === undefined ? undefined : recorded(row.settings as Loose),
    })),
  }));
  const known = new Set(collected.tables.map(({ id }) => id));
  // Others were read since, from the repositories of models that came later.
  const published = (await readPublishedTables(folder)).filter(({ table }) => known.has(table.id));
  const found = published.map(
    ({ paper, table: { contradictions: _, cautions: __, source: ___, note: ____, ...about } }) => ({
      ...about,
      paper: paper.paper,
      arxiv: paper.arxiv,
      columns: about.columns.map(({ id }) => id),
      rows: about.rows.map(({ variant: _, variants: __, measures: ___, ...row }) => row),
    }),
  );
  const byId = (a: object, b: object) => ((a as { id: string }).id < (b as { id: string }).id ? -1 : 1);
  expect([...found].sort(byId)).toEqual([...expected].sort(byId));
  const papers = [...new Set(published.map(({ paper }) => paper))];
  const claimed = (claims: readonly unknown[]) =>
    new Set(claims.map((each) => ({ ...(each as Loose), source: undefined })));
  expect(claimed(papers.flatMap(({ claims = [] }) => claims))).toEqual(claimed(collected.claims));
  expect(papers.flatMap(({ missing = [] }) => missing)).toHaveLength(collected.missing.length);
});

test("a broken paper file is refused by file and field", async () => {
  expect(await failureOf("{")).toBe("0.json: not JSON (found {)");
  expect(await failureOf([])).toBe("0.json: the record is not as it should be (found expected object, received array)");
  expect(await failureOf({ paper: "A Paper", tables: [table] })).toBe("0.json: field schema is missing");
  expect(await failureOf(paperOf({ ...table, id: 7 }))).toBe(
    "0.json: field tables.0.id is not as it should be (found expected string, received number)",
  );
  expect(await failureOf(paperOf({ ...table, confidence: "sure" }))).toBe(
    '0.json: field tables.0.confidence is not as it should be (found Invalid option: expected one of "repo"|"paper"|"summary"|"secondary")',
  );
  expect(await failureOf(paperOf({ ...table, rows: [{ system: "SAM", values: { miou: null } }] }))).toMatch(
    /^0\.json: field tables\.0\.rows\.0\.values\.miou is not as it should be/,
  );
  expect(await failureOf(paperOf({ ...table, colums: [] }))).toBe(
    '0.json: field tables.0 is not as it should be (found Unrecognized key: "colums")',
  );
});

test("a value in no column, and a table in two files, are refused", async () => {
  expect(await failureOf(paperOf({ ...table, rows: [{ system: "SAM", values: { miuo: 1 } }] }))).toBe(
    "0.json: field tables.0.rows.0.values.miuo is not as it should be (found no such column; columns are miou)",
  );
  expect(await failureOf(paperOf(table), paperOf(table))).toBe("1.json: table t1 is in 0.json too");
});

test("notes say what is known and unknown of a paper, and never how a source was looked for", async () => {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const search =
    /corpus|lab notes?\b|secondary notes?\b|(was|were) not (found|transcribed|fetched)|not transcribed|textof|\(\)|\b\d{9,}\b|\w+\.md\)/;
  const found = files.flatMap((name) =>
    readFileSync(join(folder, name), "utf8")
      .split("\n")
      .filter((line) => /"(source|note|missing|hardware)"|^ {4}"/.test(line) && search.test(line))
      .map((line) => `${name}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
});
