import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { shared } from "../shared.ts";
import { bench } from "./fixtures/bench.ts";

const folder = mkdtempSync(join(tmpdir(), "reproduce-"));
const ownPhotos = fileURLToPath(new URL("../../results/expectations/own-photos.json", import.meta.url));

test("our own table on the free photos is reproduced, and moved by a point it is not", async () => {
  const results = join(folder, "photos");
  const found = await bench(["reproduce", "own-photos", "--results", results]);
  expect(found.out).toMatch(/\n15 cells: 15 reproduced\n$/);
  expect(found.code).toBe(0);
  const recipe = JSON.parse(readFileSync(ownPhotos, "utf8"));
  recipe.table.rows[0].values.box += 1;
  const moved = join(folder, "own-photos.json");
  writeFileSync(moved, JSON.stringify(recipe));
  const again = await bench(["reproduce", "own-photos", "--expectation", moved, "--results", results]);
  expect(again.out).toMatch(/^sam-nano +box, % .* -1\.00 .* differs$/m);
  expect(again.out).toMatch(/\n15 cells: 14 reproduced, 1 differs\n$/);
  expect(again.code).toBe(1);
});

test("shards are run, nothing is judged, and the merged run is", async () => {
  const parts = ["1/2", "2/2"].map((shard, i) => ({ shard, results: join(folder, `shard-${i}`) }));
  for (const { shard, results } of parts) {
    const found = await bench([
      "reproduce",
      "own-photos",
      "--rows",
      "sam-nano",
      "--shard",
      shard,
      "--results",
      results,
    ]);
    expect(found.out).toBe("");
    expect(found.notes).toContain("bench merge joins all of them");
    expect(found.code).toBe(0);
  }
  const merged = join(folder, "merged");
  expect((await bench(["merge", ...parts.map(({ results }) => results), "--out", merged])).code).toBe(0);
  const judged = await bench(["reproduce", "own-photos", "--rows", "sam-nano", "--stored", "--results", merged]);
  expect(judged.out).toMatch(/\n3 cells: 3 reproduced\n$/);
}, 120_000);

test.skipIf(shared === undefined)("the cards' table on the real set is reproduced, where ../shared lies", async () => {
  const data = join(shared!, "realset");
  const found = await bench(["reproduce", "own-nano-realset", "--data", data, "--results", join(folder, "realset")]);
  expect(found.out).toMatch(/\n15 cells: 15 reproduced\n$/);
  expect(found.code).toBe(0);
});
