import { expect, test } from "vitest";
import { expectedHashes } from "./expectedHashes.ts";

const one = "a".repeat(64);
const other = "B".repeat(64);
const items = ["first", "second"].map((id) => ({ file: { id, url: `https://example.org/${id}` } }));

test("a hash alone is that of the only file, in small letters", () => {
  expect([...expectedHashes([other], items.slice(0, 1))]).toEqual([["first", other.toLowerCase()]]);
});

test("of several files each hash names its own, and a file without one has none", () => {
  expect([...expectedHashes([`second=${one}`], items)]).toEqual([["second", one]]);
});

test.each([
  ["no hash", ["abc"], "--sha256: not a SHA-256 (found abc"],
  ["a hash of nobody", [one], "--sha256: is of one file (found first, second)"],
  ["a file that is not pulled", [`third=${one}`], "unknown file of --sha256: third"],
  ["two hashes of a file", [`first=${one}`, `first=${other}`], "--sha256: two hashes of first"],
])("%s is refused", (_, given, message) => {
  expect(() => expectedHashes(given, items)).toThrow(message);
});
