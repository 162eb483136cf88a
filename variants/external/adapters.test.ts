import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { adapters } from "./adapters.ts";

test.each(adapters.map((adapter) => [adapter.script, adapter] as const))(
  "%s tells the versions of the packages that are looked for before it is started",
  (script, { packages }) => {
    const text = readFileSync(new URL(`python/${script}`, import.meta.url), "utf8");
    const listed = /packages = \[(.*?)\]/s.exec(text)![1]!;
    expect(packages).toEqual([...listed.matchAll(/"(.+?)"/g)].map(([, name]) => name));
  },
);
