import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { power } from "./power.ts";

test.each([
  // `**` gives …814374 on Node 20 and …814373 on Node 24.
  [0.12, 2.4, 0.006166446820814374],
  // `**` gives …6986 on Node 20 and …69858 on Node 24.
  [0.16, 2.4, 0.01229951420396985],
  [0.999, 100, 0.9047921471137089],
])("a power has the same bits on every version of Node: %d ^ %d", (base, exponent, expected) => {
  expect(power(base, exponent)).toBe(expected);
});

test("a power is that of exact arithmetic to 1e-14", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      (x, p) => {
        expect(Math.abs(power(x, p) / x ** p - 1)).toBeLessThan(1e-14);
      },
    ),
  );
});

test("0 has a power, and exponent 0 gives 1", () => {
  expect(power(0, 2.4)).toBe(0);
  expect(power(0, 0)).toBe(1);
  expect(power(7, 0)).toBe(1);
});

/** Powers that decide no row and no figure: drawn test data, heights of bars, and whole numbers of whole numbers. */
const allowed = [
  /^harness\/(fuzz|perf)\//,
  /^harness\/commands\/text\/models\/activations\.ts$/,
  /^harness\/prompts\/crops\.ts$/,
];

test("`**` stands for squares, cubes of whole numbers, and powers of 2 and 10: these are the same on every Node", () => {
  const root = join(fileURLToPath(import.meta.url), "../../..");
  const others = ["harness", "variants", "datasets"]
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) =>
        [folder, ...file.split(sep)].join("/"),
      ),
    )
    .filter((file) => /(?<!\.test)\.ts$/.test(file) && !file.includes("/fixtures/"))
    .filter((file) => !allowed.some((place) => place.test(file)))
    .flatMap((file) => {
      const code = readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*|`[^`]*`/g, "");
      return (code.match(/.*\*\*(?!\/).*/g) ?? []).map((line) => `${file}: ${line.trim()}`);
    })
    .filter((line) => !/\b(2|10) \*\* |\*\* [23]\b/.test(line));
  expect(others).toEqual([]);
});
