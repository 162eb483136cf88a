import { expect, test } from "vitest";
import { random } from "../stats/random.ts";
import { parsers as harmful } from "./fixtures/harmful.ts";
import { hunt } from "./hunt.ts";
import { mutate } from "./mutate.ts";
import { parsers } from "./parsers.ts";

const module = new URL("fixtures/harmful.ts", import.meta.url).href;

test.each([
  ["throws", "TypeError: cannot read what is not there"],
  ["dies", "the process ended (SIGABRT)"],
  ["starts slowly and dies", "the process ended (SIGABRT)"],
  ["hangs", "no answer in 1500 ms"],
])("a parser that %s is found with its case, and the cases behind it are tried", async (id, what) => {
  const parser = harmful.find((each) => each.id === id)!;
  const found = await hunt(parser, { seed: 0, cases: 10, patienceMs: 1500, module });
  expect(found.cases).toBe(10);
  expect(found.harms).toEqual([{ index: 5, what: expect.stringContaining(what) }]);
});

test("what is read and what is refused are counted apart, and both are no harm", async () => {
  const parser = harmful.find((each) => each.id === "is well")!;
  expect(await hunt(parser, { seed: 0, cases: 12, module })).toEqual({ cases: 12, read: 6, refused: 6, harms: [] });
});

test("a mutation follows from the seed, and changes the file", () => {
  const file = Buffer.from(`{"images": [{"id": 1, "height": 20}], "annotations": [], "categories": []}`);
  const changed = (index: number) => mutate(file, random(0, "fuzz", "test", index));
  expect(changed(3)).toEqual(changed(3));
  const kinds = new Set(Array.from({ length: 100 }, (_, index) => changed(index).toString("latin1")));
  expect(kinds.size).toBeGreaterThan(80);
});

test.each(parsers)("$id: broken files are read or refused; no crash, no hang, no growth", async (parser) => {
  const { cases, read, refused, harms } = await hunt(parser, { seed: 0, cases: parser.cases });
  expect(harms).toEqual([]);
  expect(cases).toBe(parser.cases);
  // Both must be common, or the mutations no longer reach what they should.
  expect(read).toBeGreaterThan(cases / 50);
  expect(refused).toBeGreaterThan(cases / 10);
});
