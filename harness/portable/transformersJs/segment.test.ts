import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("the page shows the script as it is", () => {
  const page = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, shown] = /```js\n(.*?)```/s.exec(page)!;
  expect(shown).toBe(readFileSync(new URL("segment.mjs", import.meta.url), "utf8"));
});
