import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { publishedTables } from "../report/papers/published.ts";
import { expectations } from "../reproduce/expectation.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { reproduce } from "./reproduce.ts";

const folder = mkdtempSync(join(tmpdir(), "reproduce-"));
const expectationFile = (id: string) =>
  fileURLToPath(new URL(`../../results/expectations/${id}.json`, import.meta.url));

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly notes: string;
}

async function called(args: Readonly<Record<string, unknown>>): Promise<Answer> {
  const console = memoryConsole();
  const code = await reproduce.run({ results: join(folder, "none"), pull: false, ...args }, console);
  return { code, ...console.said };
}

test("a table without a recipe, or without a run, has a reason for each cell, and exit code 3", async () => {
  const tables = await publishedTables();
  const judged = new Set([...expectations().keys()]);
  expect(judged.size).toBeGreaterThan(5);
  for (const { table } of tables) {
    const { code, out } = await called({ table: table.id, stored: true, json: true });
    expect(code, table.id).toBe(3);
    const { cells } = JSON.parse(out) as { cells: { reason?: string }[] };
    for (const { reason } of cells) expect(reason, table.id).toMatch(/\w+ \w+/);
  }
});

test("every recipe names a table that is known, with columns, protocols and sets of that table", async () => {
  const tables = new Map((await publishedTables()).map(({ table }) => [table.id, table]));
  for (const [id, expectation] of expectations()) {
    const table = expectation.table ?? tables.get(id);
    expect(table, id).toBeDefined();
    const columns = new Set(table!.columns.map((column) => column.id));
    for (const column of Object.keys(expectation.decimals)) expect(columns, id).toContain(column);
    const cells = JSON.parse((await called({ table: id, stored: true, json: true })).out).cells as { reason: string }[];
    // Some cell is open: only a run is missing.
    expect(
      cells.map(({ reason }) => reason),
      id,
    ).toContain("no run of it is stored");
  }
});

test("the tables with a recipe are listed where none is named", async () => {
  const { code, out } = await called({});
  expect(code).toBe(0);
  expect(out).toMatch(/^own-photos {2,}five small models on the 26 free photos, mIoU$/m);
  expect(out).toMatch(/^evitsam-expected {2,}EfficientViT-SAM, README expected/m);
});

test("needs are said before anything is run, with what is missing and how it comes", async () => {
  const { code, out, notes } = await called({ table: "sam-t5-coco", "dry-run": true });
  expect(code).toBe(0);
  expect(out).toBe("");
  expect(notes).toMatch(/^sam-vit-h is not run: .*bench pull sam-vit-h/m);
  const own = await called({ table: "own-photos", rows: ["sam-nano"], "dry-run": true });
  expect(own.notes).toMatch(/^sam-nano on 26 images of the 26 free photos, seed 0: about \d+ s and \d\.\d GB of disk/m);
});

test("cells and rows that the table does not have are refused, and an unknown table with the nearest", async () => {
  await expect(called({ table: "own-photos", cells: ["boxes"] })).rejects.toThrow(
    "unknown column: boxes; did you mean box?",
  );
  await expect(called({ table: "own-photos", rows: ["sam-vit-h"] })).rejects.toThrow("no cell of it is named");
  await expect(called({ table: "own-photo" })).rejects.toThrow("unknown table: own-photo; did you mean own-photos?");
});

test("a recipe that is wrong is refused with its field", async () => {
  const recipe = JSON.parse(readFileSync(expectationFile("own-photos"), "utf8"));
  const refused = async (change: object) => {
    const file = join(folder, "own-photos.json");
    writeFileSync(file, JSON.stringify({ ...recipe, ...change }));
    await called({ table: "own-photos", expectation: file, stored: true });
  };
  await expect(refused({ recipes: [] })).rejects.toThrow("field recipes is not as it should be");
  await expect(refused({ published: "sam-t5-coco" })).rejects.toThrow("one of published and table is needed");
  await expect(refused({ recipes: [{ ...recipe.recipes[0], prompts: "drawn" }] })).rejects.toThrow(
    "drawn prompts need at least three seeds",
  );
});

test("the first images alone leave cells undecided, and say how many would show a point", async () => {
  const results = join(folder, "part");
  const args = { table: "own-photos", rows: ["sam-nano"], cells: ["box"], results, limit: 8, json: true };
  const { code, out } = await called(args);
  const [cell] = JSON.parse(out).cells;
  expect(cell).toMatchObject({ ours: { images: 8, ofImages: 24 }, verdict: { kind: "undecided" } });
  expect(cell.verdict.needed).toBe(24);
  expect(code).toBe(3);
});
