import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRecord } from "./record.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const open = (name: string) => openRecord(join(folder, name), () => undefined);
const evaluation = (first: number) => ({ values: [first, 0.5], fitness: 0.4 + first / 10, n: 12 });

test("what was kept is there again; a line that a kill cut off is not, and the next one takes its place", async () => {
  const record = await open("cut");
  await record.storeTimes({ block: 1.5 });
  await record.add(evaluation(0));
  await record.add(evaluation(0.1));
  await record.close();
  const file = join(record.folder, "evaluations.jsonl");
  appendFileSync(file, '{"values":[0.2,0.5],"fitn');

  const again = await open("cut");
  expect(again.times).toEqual({ block: 1.5 });
  expect(again.evaluation([0.1, 0.5])).toEqual(evaluation(0.1));
  expect(again.evaluation([0.2, 0.5])).toBeUndefined();
  await again.add(evaluation(0.2));
  expect(again.evaluations()).toEqual([evaluation(0), evaluation(0.1), evaluation(0.2)]);
  await again.close();
  expect(readFileSync(file, "utf8").trimEnd().split("\n")).toHaveLength(3);
});

test("two processes do not write one search", async () => {
  const record = await open("held");
  await expect(open("held")).rejects.toThrow("another process is writing this run");
  await record.close();
  await (await open("held")).close();
});

test.each([
  ["evaluations.jsonl", "{}\n", "evaluations.jsonl:1: field values is missing"],
  ["evaluations.jsonl", "?\n", "evaluations.jsonl:1: not JSON (found ?)"],
  [
    "parts.json",
    '{"block": "fast"}',
    "parts.json: field block is not as it should be (found expected number, received string)",
  ],
])("a %s changed by hand is refused: %s", async (file, text, message) => {
  const record = await open(`hand${text.length}`);
  await record.close();
  writeFileSync(join(record.folder, file), text);
  await expect(open(`hand${text.length}`)).rejects.toThrow(message);
  rmSync(record.folder, { recursive: true });
});
