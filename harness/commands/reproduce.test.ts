import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { publishedTables } from "../report/papers/published.ts";
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

test("a table of which no cell can be judged ends with exit code 3 and a reason for each cell", async () => {
  for (const table of ["sam-t5-coco", "sam2-readme-fps", "efficientsam-t6"]) {
    const { code, out } = await called({ table, stored: true });
    expect(code, table).toBe(3);
    expect(out, table).toMatch(/\nnot comparable\n- \d+ cells? \(.*\): \w+ \w+/);
    expect(out, table).toMatch(/\n(\d+) cells: \1 not comparable\n$/);
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
  expect(notes).toMatch(
    /^needs COCO val2017: --dataset coco; protocol ap-vitdet-refine, prompts det-refine, seed 0; boxes of a detector: missing, --boxes FILE$/m,
  );
  expect(notes).toMatch(/^ {2}sam-vit-h: .*bench pull sam-vit-h/m);
  const own = await called({ table: "own-photos", rows: ["sam-nano"], "dry-run": true });
  expect(own.notes).toMatch(/^ {2}sam-nano: its weights are here$/m);
  expect(own.notes).toMatch(/^ {2}26 images: about \d+ s and \d\.\d GB of disk, less what is here already$/m);
  expect(own.notes).toMatch(/^ {2}on a cluster: bench slurm --variants sam-nano --dataset photos --protocol /m);
});

test("prompts that are drawn are run with three seeds", async () => {
  const args = { table: "efficientsam-t4-coco", rows: ["mobilesam"], "dry-run": true };
  const columns = (await publishedTables()).find(({ table }) => table.id === "efficientsam-t4-coco")!.table.columns;
  const drawn = columns.find(({ measures }) => measures?.prompt === "1p")!.id;
  const { notes } = await called({ ...args, cells: [drawn] });
  expect([...notes.matchAll(/, seed (\d)/g)].map(([, seed]) => seed)).toEqual(["0", "1", "2"]);
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
  const text = await called({ table: "own-photos", rows: ["sam-nano"], cells: ["box"], results, stored: true });
  expect(text.out).toMatch(/8 of 24 +undecided: it takes all 24 images to show a difference of a point\n/);
});
