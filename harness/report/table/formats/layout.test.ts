import { expect, test } from "vitest";
import type { Column } from "../grid.ts";
import { fitColumns, layout, wrap } from "./layout.ts";

const column = (title: string, ...cells: readonly string[]): Column => ({ header: [title], align: "left", cells });

test("columns stand side by side, headers on one line, numbers to the right", () => {
  const columns: Column[] = [
    column("variant", "sam-nano", "sam"),
    { header: ["encode", "ms"], align: "right", cells: ["9.5", "4150"] },
  ];
  expect(layout(columns).split("\n")).toEqual([
    "          encode",
    "variant       ms",
    "--------  ------",
    "sam-nano     9.5",
    "sam         4150",
  ]);
});

test("a cell of several lines makes its row as high", () => {
  const text = layout([column("id", "a", "b"), column("about", "one\ntwo", "three")]);
  expect(text.split("\n").slice(2)).toEqual(["a   one", "    two", "b   three"]);
});

test("groups share a table where they fit, stay together where they can, and are cut where they must", () => {
  const groups = [
    [column("aaaa"), column("bbbb")],
    [column("cccc"), column("dddd")],
  ];
  const titles = (width: number) =>
    fitColumns([column("x")], groups, width).map((table) => table.map(({ header }) => header[0]).join(" "));
  expect(titles(25)).toEqual(["x aaaa bbbb cccc dddd"]);
  expect(titles(24)).toEqual(["x aaaa bbbb", "x cccc dddd"]);
  expect(titles(12)).toEqual(["x aaaa", "x bbbb", "x cccc", "x dddd"]);
  expect(titles(1)).toEqual(["x aaaa", "x bbbb", "x cccc", "x dddd"]);
});

test("text breaks at blanks, and a word longer than the line stays whole", () => {
  expect(wrap("one two three", 7, "  ").split("\n")).toEqual(["one two", "  three"]);
  expect(wrap("a/very/long/path and more", 8).split("\n")).toEqual(["a/very/long/path", "and more"]);
});
