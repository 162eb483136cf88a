import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { memoryConsole } from "./fixtures/bench.ts";
import { search } from "./search.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const defaults = Object.fromEntries(
  Object.entries(search.options).flatMap(([name, option]) =>
    option.default === undefined ? [] : [[name, option.default]],
  ),
);
test("a search is on drawn scenes where no data set is named", () => {
  expect(defaults.dataset).toBe("shapes");
});

const searchWith = (args: Readonly<Record<string, unknown>>) =>
  search.run({ ...defaults, method: "sparsevit", limit: 4, results: folder, ...args }, memoryConsole());

test.each([
  ["a method that is none", { method: "sparsvit" }, "unknown method to search: sparsvit; did you mean sparsevit?"],
  ["a variant that it does not change", { from: "mobilesam-nano" }, "unknown variant for sparsevit: mobilesam-nano"],
  [
    "the photos that runs are scored on",
    { dataset: "photos" },
    "dataset photos: is there to be scored, and no setting is searched on it",
  ],
  ["seeded weights", { weights: "seeded" }, "sam-nano: masks of seeded weights mean nothing to search by"],
  ["bounds that are no range", { latency: 0.6, "latency-from": 0.7 }, "--latency: the bounds are no range"],
  ["half a population", { population: 2.5 }, "--population: must be a whole number (found 2.5, expected at least 2)"],
  ["more images than there are", { images: 5 }, "--images: the dataset has fewer (found 5, expected at most 4)"],
  ["one image", { limit: 1 }, "search: at least two images are needed, one to search on and one to check (found 1)"],
  [
    "a protocol whose figure is not of prompts",
    { prompts: undefined, protocol: "anything-ar1000" },
    "protocol anything-ar1000: its figure is no fitness",
  ],
])("%s is refused", async (_, args, message) => {
  await expect(searchWith(args)).rejects.toThrow(message);
});
