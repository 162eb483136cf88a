import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { prepareRun } from "../../build/preparedRun.ts";
import { wrappedNano } from "../../run/fixtures/wrappedNano.ts";
import { resolvePlan } from "../plan.ts";
import { closureHash, closureOf } from "./importClosure.ts";
import { projectRoot } from "./sources.ts";
import { specifiersOf } from "./specifiers.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-closure-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

test("two plug-ins of one id in one folder are two runs, and an unrelated file changes neither", async () => {
  const idOf = async (name: string, decoded: string) => {
    const plugin = wrappedNano(folder, { id: "mine", name, decoded });
    const flags = { variants: "mine", prompts: "box", limit: 1, threads: 1, plugin: [plugin] };
    const plan = await resolvePlan(flags);
    const ignore = () => undefined;
    const { signal } = new AbortController();
    const watcher = { calibration: ignore, overlap: ignore, note: ignore, signal };
    return (await prepareRun(plan, plan.chosen[0]!, [], watcher)).id;
  };
  const first = await idOf("mine.mts", "(all) => all");
  expect(
    await idOf("m6.mts", "(all) => all.map((one) => ({ ...one, predictedIou: one.predictedIou.map(() => 1) }))"),
  ).not.toBe(first);
  write("notes.mts", "export const unrelated = 1;");
  expect(await idOf("mine.mts", "(all) => all")).toBe(first);
});

test("whatever a module imports, however deep, is part of its identity; a file beside it is not", () => {
  const module = write("mine.mts", `import { a } from "./a.js";\nexport { b } from './parts';\nexport default a;`);
  const a = write("a.ts", "export const a = 1; const later = () => import(`./late.mjs`);");
  write("parts/index.ts", 'import table from "../table.json" with { type: "json" };\nexport const b = table;');
  const table = write("table.json", "[1]");
  const late = write("late.mjs", "export const late = require.resolve('./deep.cjs');");
  const deep = write("deep.cjs", "module.exports = 1;");
  const before = closureHash(module);
  write("beside.ts", "export const unrelated = 1;");
  expect(closureHash(module)).toBe(before);
  let last = before;
  for (const file of [module, a, table, late, deep]) {
    writeFileSync(file, file === table ? "[1, 2]" : "// changed\n", { flag: file === table ? "w" : "a" });
    const changed = closureHash(module);
    expect(changed, relative(folder, file)).not.toBe(last);
    last = changed;
  }
  expect([...closureOf(module).files].map((file) => relative(folder, file)).sort()).toEqual([
    "a.ts",
    "deep.cjs",
    "late.mjs",
    "mine.mts",
    "parts/index.ts",
    "table.json",
  ]);
});

test("the same code in another folder, or under another name, is the same", () => {
  const module = write("one/mine.mts", `import "../lib/part.mts";`);
  write("lib/part.mts", "export {};");
  const before = closureHash(module);
  cpSync(folder, `${folder}-moved`, { recursive: true });
  try {
    const moved = join(`${folder}-moved`, "one", "mine.mts");
    expect(closureHash(moved)).toBe(before);
    renameSync(moved, join(dirname(moved), "yours.mts"));
    expect(closureHash(join(dirname(moved), "yours.mts"))).toBe(before);
  } finally {
    rmSync(`${folder}-moved`, { recursive: true, force: true });
  }
});

test("a library counts by its version, and sam-bench by the project's own files", () => {
  write(
    "node_modules/@an/array/package.json",
    '{ "name": "@an/array", "version": "1.2.3", "exports": { "import": "./index.mjs" } }',
  );
  write("node_modules/@an/array/index.mjs", "export {};");
  const module = write(
    "mine.mts",
    'import { x } from "@an/array/sub"; import fs from "node:fs"; import { GraphBuilder } from "sam-bench/onnx";',
  );
  const { files, libraries } = closureOf(module);
  expect([...libraries].filter((name) => name.startsWith("@an"))).toEqual(["@an/array@1.2.3"]);
  expect([...files].map((file) => relative(projectRoot, file))).toContain(join("harness", "onnx", "graph.ts"));
});

test("imports are found in every way of writing them, types left out", () => {
  const text = `import a,{b} from"./a.ts";import"./b.ts";
    import type { T } from "./types.ts";
    export type * from "./types.ts";
    import {
      c, // from elsewhere
      type U,
    } from './c.ts';
    export * as d from "./d.ts";
    const e = await import ( "./e.ts" );
    const f = require("./f.cjs"), g = new URL("./g.wasm", import.meta.url);`;
  expect([...specifiersOf(text)].sort()).toEqual([
    "./a.ts",
    "./b.ts",
    "./c.ts",
    "./d.ts",
    "./e.ts",
    "./f.cjs",
    "./g.wasm",
  ]);
});

test("a project's own variant is made of the graph parts that it imports", () => {
  const { files } = closureOf(join(projectRoot, "variants", "sam", "variant.ts"));
  const names = [...files].map((file) => relative(projectRoot, file));
  expect(names).toContain(join("variants", "sam-decoder", "maskDecoder.ts"));
  expect(names.filter((name) => name.startsWith(join("variants", "mobilesam")))).toEqual([]);
});
