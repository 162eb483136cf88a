import { expect, test } from "vitest";
import { plainTable } from "./plainTable.ts";

test("columns are as wide as their widest cell, numbers stand to the right, and no line ends in spaces", () => {
  const table = plainTable(
    ["name", "count", ""],
    [
      ["a", "1,000", "ok"],
      ["longer", "7", ""],
    ],
  );
  expect(table.split("\n")).toEqual(["name    count", "------  -----  --", "a       1,000  ok", "longer      7"]);
});

test("a column of numbers and words stands to the left", () => {
  expect(plainTable(["value"], [["7"], ["none"]])).toBe("value\n-----\n7\nnone");
});

test("a table without rows is its header", () => {
  expect(plainTable(["variant", "title"], [])).toBe("variant  title\n-------  -----");
});

test("a table may have any number of rows", () => {
  const rows = Array.from({ length: 200_000 }, (_, i) => [String(i)]);
  expect(plainTable(["id"], rows).split("\n")).toHaveLength(200_002);
});
