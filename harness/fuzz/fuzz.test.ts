import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { random } from "../stats/random.ts";
import { caseOf } from "./child.ts";
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

test("a hunt begins no case behind its end, also within a child", async () => {
  const parser = harmful.find((each) => each.id === "takes 100 ms")!;
  const untilMs = Date.now() + 4000;
  // Far fewer than one child's share, however fast or slow the machine is.
  expect((await hunt(parser, { seed: 0, cases: 1_000_000, untilMs, module })).cases).toBeLessThan(100);
});

test("a case that takes more processor time than its parser may is harm, and the cases behind it are tried", async () => {
  const parser = harmful.find((each) => each.id === "is slow")!;
  const { cases, harms } = await hunt(parser, { seed: 0, cases: 10, module });
  expect(cases).toBe(10);
  expect(harms).toEqual([{ index: 5, what: expect.stringMatching(/^took \d+ ms of processor time$/) }]);
});

test("a mutation follows from the seed, and changes the file", () => {
  const file = Buffer.from(`{"images": [{"id": 1, "height": 20}], "annotations": [], "categories": []}`);
  const changed = (index: number) => mutate(file, random(0, "fuzz", "test", index));
  expect(changed(3)).toEqual(changed(3));
  const kinds = new Set(Array.from({ length: 100 }, (_, index) => changed(index).toString("latin1")));
  expect(kinds.size).toBeGreaterThan(80);
});

// All cases of each parser, in child processes: parsers.slow.test.ts.
test.each(parsers)("$id: its first cases are read, or refused with a plain error", async (parser) => {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-fuzz-"));
  const seeds = parser.seeds();
  try {
    for (const index of [0, 1, 2])
      await parser.read(caseOf(parser, seeds, 0, index), folder).catch((error: unknown) => {
        expect(error).toBeInstanceOf(HarnessError);
      });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
