import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const script = new URL("segment.py", import.meta.url);

test("the page shows the script as it is, in 30 lines", () => {
  const page = readFileSync(new URL("README.md", import.meta.url), "utf8");
  const [, shown] = /```python\n(.*?)```/s.exec(page)!;
  const text = readFileSync(script, "utf8");
  expect(shown).toBe(text);
  expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(30);
});
