import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findBrowser, missingForPages } from "./browser.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-browser-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the browser is the first on the PATH that is a program, and CHROMIUM names another", () => {
  const program = join(folder, "chromium-browser");
  writeFileSync(join(folder, "chromium"), "no program");
  writeFileSync(program, "#!/bin/sh\n");
  chmodSync(program, 0o755);
  const path = ["", "/nowhere", folder].join(delimiter);
  // Root may read what is no program, but not run it.
  expect(findBrowser({ PATH: path })).toBe(program);
  expect(findBrowser({ PATH: path, CHROMIUM: "/opt/mine" })).toBe("/opt/mine");
  expect(findBrowser({ PATH: "/nowhere" })).toBeUndefined();
});

test("a machine without a browser is told how it gets one", () => {
  const [missing, ...others] = missingForPages({ PATH: folder });
  expect(others).toEqual([]);
  expect(missing?.message).toContain("--runtime web: no browser is installed (expected one of chromium, ");
  expect(missing?.hint).toContain("CHROMIUM=/path/to/chromium");
});
