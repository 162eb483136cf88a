import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const textOf = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");

/** Returns the colours of a block of rules, by the names of their variables. */
function coloursIn(rules: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...rules.matchAll(/--([\w-]+): ([^;]+);/g)].map(([, name, value]) => [name!, value!]));
}

test("the page has the report's colours, light and dark", () => {
  const own = coloursIn(textOf("page.css"));
  const [light, dark] = textOf("../../../report/html/page.css").split(':root[data-theme="dark"]');
  const ofReport = { light: coloursIn(light!), dark: coloursIn(dark!.split("}")[0]!) };
  for (const name of Object.keys(ofReport.dark))
    expect(own[name], name).toBe(`light-dark(${ofReport.light[name]}, ${ofReport.dark[name]})`);
  expect(Object.keys(ofReport.dark).length).toBeGreaterThan(7);
});
