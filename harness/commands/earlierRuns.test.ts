import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compare } from "./compare.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { list } from "./list.ts";
import { merge } from "./merge.ts";

/** A stored run of version 1; the store's own tests read it too. */
const version1 = fileURLToPath(new URL("../store/fixtures/version1", import.meta.url));
const id = "ptq4sam-sam-nano-w8a8-a5268a86289d";

let results: string;
beforeEach(() => {
  results = mkdtempSync(join(tmpdir(), "earlier-"));
  cpSync(version1, results, { recursive: true });
});
afterEach(() => rmSync(results, { recursive: true, force: true }));

test("a run of an earlier version is listed as one", async () => {
  const console = memoryConsole();
  await list.run({ what: "runs", results }, console);
  expect(console.said.out).toMatch(/^ptq4sam-\S+ .* done, earlier version /m);
});

test("a run of an earlier version is not compared with one of this", async () => {
  await expect(compare.run({ a: id, b: ["sam-nano"], results, seed: 0 }, memoryConsole())).rejects.toThrow(
    `${id}: recorded by an earlier version, and not compared with a run of this one`,
  );
});

test("a shard of an earlier version is not merged", async () => {
  const file = join(results, id, "manifest.json");
  const stored = JSON.parse(readFileSync(file, "utf8")) as object;
  writeFileSync(file, JSON.stringify({ ...stored, shard: { index: 1, count: 2, images: 2 } }));
  const out = join(results, "out");
  await expect(merge.run({ dir: [results], out }, memoryConsole())).rejects.toThrow(
    /recorded by an earlier version, and is not merged$/,
  );
});
