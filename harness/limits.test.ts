import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { limits } from "./limits.ts";

const security = readFileSync(new URL("../SECURITY.md", import.meta.url), "utf8");

test("SECURITY.md lists every limit with its number", () => {
  const listed = new Map(
    [...security.matchAll(/^\| `(\w+)`\s*\|\s*([\d,]+)\s*\|/gm)].map(([, name, number]) => [
      name!,
      Number(number!.replaceAll(",", "")),
    ]),
  );
  expect(Object.fromEntries(listed)).toEqual(limits);
});

test("no package runs a script when it is installed", () => {
  const settings = readFileSync(new URL("../.npmrc", import.meta.url), "utf8").split("\n");
  expect(settings).toContain("ignore-scripts=true");
});
