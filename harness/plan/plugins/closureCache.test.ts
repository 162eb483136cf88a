import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cachedClosureHash } from "./closureCache.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "closure-cache-"));
  vi.stubEnv("SAM_BENCH_HOME", join(folder, "home"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const settled = () => new Promise((resolve) => setTimeout(resolve, 150));
const checked = () => readdirSync(join(folder, "home", "checked")).filter((name) => name !== "swept");

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

test("a digest is looked up while no file of the code changes, however deep, and whatever it imports by then", async () => {
  const version = (number: string) =>
    write("node_modules/array/package.json", `{ "name": "array", "version": "${number}" }`);
  mkdirSync(join(folder, "node_modules", "array"), { recursive: true });
  version("1.0.0");
  write("deep.ts", "export const deep = 1;");
  write("late.ts", "export const late = 1;");
  write("part.ts", 'import "./deep.ts";');
  const module = write("module.ts", 'import "./part.ts"; import "array";');
  const seen = new Set<string>();
  const changes = [
    () => undefined,
    () => write("deep.ts", "export const deep = 2;"),
    () => write("part.ts", 'import "./deep.ts"; import "./late.ts";'),
    () => write("late.ts", "export const late = 2;"),
    () => version("1.0.1"),
    () => write("module.ts", 'import "./deep.ts";'),
  ];
  for (const change of changes) {
    change();
    await settled();
    // As in a new process: what a library's version is, is read once in each.
    vi.resetModules();
    const { cachedClosureHash } = await import("./closureCache.ts");
    const { closureHash } = await import("./importClosure.ts");
    const digest = await cachedClosureHash(module);
    expect(digest).toBe(closureHash(module));
    expect(await cachedClosureHash(module)).toBe(digest);
    seen.add(digest);
  }
  expect(seen.size).toBe(changes.length);
});

test("an entry that is none is found out again", async () => {
  const module = write("module.ts", "export const a = 1;");
  await settled();
  const digest = await cachedClosureHash(module);
  const entries = checked();
  expect(entries.length).toBeGreaterThan(0);
  for (const name of entries) {
    const file = join(folder, "home", "checked", name);
    const [state, paths] = readFileSync(file, "utf8").split("\n");
    writeFileSync(file, [state, paths, "no digest"].join("\n"));
  }
  expect(await cachedClosureHash(module)).toBe(digest);
});
