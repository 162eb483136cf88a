import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { formatEntry, parseEntry, sweepEntries } from "./cacheEntries.ts";
import { cachedResult } from "./fileCache.ts";

const dayMs = 86_400_000;
let folder: string;
let home: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "file-cache-"));
  home = join(folder, "home");
  mkdirSync(join(home, "checked"), { recursive: true });
  vi.stubEnv("SAM_BENCH_HOME", home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const checked = () => readdirSync(join(home, "checked")).sort();

/** An entry of the cache that was written so many days ago. */
function write(name: string, text: string, days = 0): void {
  const file = join(home, "checked", name);
  const time = new Date(Date.now() - days * dayMs);
  writeFileSync(file, text);
  utimesSync(file, time, time);
}

const entryOf = (...paths: readonly string[]) => formatEntry({ state: "1:2:3", paths, found: "a\nb" });

test("an entry is read as it was written, and a text of another form is none", () => {
  expect(parseEntry(entryOf("x\ny", "z"))).toEqual({ state: "1:2:3", paths: ["x\ny", "z"], found: "a\nb" });
  for (const text of ["", "state", "state\nfound", "state\n[1]\nfound", 'state\n["x"]'])
    expect(parseEntry(text)).toBeUndefined();
});

test("entries of files that are gone, old entries and those of another form are deleted when one is written", async () => {
  const file = join(folder, "file");
  const gone = join(folder, "gone");
  writeFileSync(file, "weights");
  utimesSync(file, new Date("2024-05-01"), new Date("2024-05-01"));
  write("present", entryOf(gone, file));
  write("gone", entryOf(gone));
  write("old", entryOf(file), 91);
  write("younger", entryOf(file), 89);
  write("foreign", "state\nfound");
  write("fresh.123", "half");
  write("killed.124", "half", 2);
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(await cachedResult("length", [file], async () => "7")).toBe("7");
  const [entry, ...rest] = checked();
  expect(entry).toMatch(/^[0-9a-f]{32}$/);
  expect(rest).toEqual(["fresh.123", "present", "swept", "younger"]);
});

test("the cache is swept once a day, and again where the clock was set back since", async () => {
  const sweepAfter = async (hours: number) => {
    write("gone", entryOf(join(folder, "gone")));
    await sweepEntries(join(home, "checked"), Date.now() + hours * 3_600_000);
    return checked();
  };
  expect(await sweepAfter(0)).toEqual(["swept"]);
  expect(await sweepAfter(23)).toEqual(["gone", "swept"]);
  expect(await sweepAfter(25)).toEqual(["swept"]);
  expect(await sweepAfter(-48)).toEqual(["swept"]);
});
