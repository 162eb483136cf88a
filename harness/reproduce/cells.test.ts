import { beforeAll, expect, test } from "vitest";
import { protocols } from "../protocols/index.ts";
import { publishedTables } from "../report/papers/published.ts";
import type { PublishedTable } from "../report/papers/read.ts";
import { type ClosedCell, cellsOf, judge, type OpenCell } from "./cells.ts";
import { expectations } from "./expectation.ts";

const everything = { rows: [], columns: [] };
let tables: readonly PublishedTable[];
beforeAll(async () => {
  tables = await publishedTables();
});

/** Takes every variant that a table names for one whose weights are published. */
function knownOf(...ofTables: readonly PublishedTable[]) {
  const ids = ofTables.flatMap(({ table }) =>
    table.rows.flatMap(({ variant, variants = {} }) => [
      ...(variant === undefined ? [] : [variant]),
      ...Object.values(variants),
    ]),
  );
  return {
    variants: new Map(ids.map((id) => [id, { released: true }])),
    protocols: new Set(protocols.map(({ id }) => id)),
  };
}

const isOpen = (cell: OpenCell | ClosedCell): cell is OpenCell => "recipe" in cell;

test("each cell of each published table has a recipe or a reason, and no stored run is a reason too", () => {
  const recipes = expectations();
  for (const published of tables) {
    const expectation = recipes.get(published.table.id);
    const cells = cellsOf(published.table, expectation, knownOf(published), everything);
    if (expectation === undefined) expect(cells.filter(isOpen), published.table.id).toEqual([]);
    const context = { expectation, reports: [], notRun: new Map<string, string>() };
    for (const { reason } of judge(cells, context)) expect(reason, published.table.id).toMatch(/\w+ \w+/);
  }
});

test("every recipe is of a table that is known, and opens some of its cells", () => {
  const byId = new Map(tables.map((each) => [each.table.id, each]));
  const all = [...expectations()];
  expect(all.length).toBeGreaterThan(20);
  for (const [id, expectation] of all) {
    const table = expectation.table ?? byId.get(id)?.table;
    expect(table, id).toBeDefined();
    const columns = table!.columns.map((column) => column.id);
    expect(columns, id).toEqual(expect.arrayContaining(Object.keys(expectation.decimals)));
    const known = knownOf({ paper: { schema: 1, paper: "own", tables: [] }, table: table! });
    const open = cellsOf(table!, expectation, known, everything).filter(isOpen);
    // A recipe that opens no cell is a slip of its protocol or data set.
    for (const recipe of expectation.recipes)
      expect(
        open.filter((cell) => cell.recipe === recipe).length,
        `${id} ${recipe.protocol} ${recipe.dataset}`,
      ).toBeGreaterThan(0);
  }
});

test("a column's digits are those of its longest value: 46.0 is read as 46", () => {
  const published = tables.find(({ table }) => table.id === "sam-t5-coco")!;
  const cells = cellsOf(published.table, expectations().get("sam-t5-coco"), knownOf(published), everything).filter(
    isOpen,
  );
  expect(cells.map(({ column, published: value, decimals }) => [column.id, value, decimals])).toEqual([
    ["AP", 46.5, 1],
    ["AP_S", 30.8, 1],
    ["AP_M", 51, 1],
    ["AP_L", 61.7, 1],
  ]);
});

test("weights that were never released, and variants that are not here, are reasons", () => {
  const published = tables.find(({ table }) => table.id === "sam-t5-coco")!;
  const recipe = expectations().get("sam-t5-coco");
  const reasonsWith = (variants: ReadonlyMap<string, { released: boolean }>) =>
    cellsOf(published.table, recipe, { ...knownOf(published), variants }, { rows: ["sam-vit-h"], columns: ["AP"] });
  expect(reasonsWith(new Map([["sam-vit-h", { released: false }]]))).toMatchObject([
    { reason: "weights of sam-vit-h were never released" },
  ]);
  expect(reasonsWith(new Map())).toMatchObject([{ reason: "this sam-bench has no variant sam-vit-h" }]);
});
