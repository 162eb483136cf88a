import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const script = fileURLToPath(new URL("check.mjs", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-ruff-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const check = (path: string, ...words: string[]) =>
  spawnSync(process.execPath, [script, ...words], { env: { PATH: path }, encoding: "utf8" });

/** Puts a ruff on a path of its own that writes down its words and ends with this code where they begin with `failing`. */
function ruffThat(failing: string): { readonly path: string; words(): readonly string[] } {
  const path = mkdtempSync(join(folder, "path-"));
  const log = join(path, "log");
  const file = join(path, "ruff");
  writeFileSync(file, `#!/bin/sh\necho "$@" >> ${log}\ncase "$*" in "${failing}"*) exit 1;; esac\n`);
  chmodSync(file, 0o755);
  return { path, words: () => readFileSync(log, "utf8").trim().split("\n") };
}

test("without ruff one line says that the Python files are skipped, and nothing fails", () => {
  const { status, stdout } = check(folder);
  expect(status).toBe(0);
  expect(stdout).toBe("ruff is not on the PATH: variants/external/python is skipped (pip install ruff brings it)\n");
});

test.each(["check", "format --check"])("ruff %s that finds something fails the check", (failing) => {
  const ruff = ruffThat(failing);
  expect(check(ruff.path).status).toBe(1);
  expect(ruff.words().map((line) => line.replace(/ \/.*/, ""))).toEqual(["check", "format --check"]);
});

test("files that ruff finds nothing in pass, and the word format mends them", () => {
  const ruff = ruffThat("nothing");
  expect(check(ruff.path, "format").status).toBe(0);
  expect(ruff.words().map((line) => line.replace(/ \/.*/, ""))).toEqual(["check --fix", "format"]);
});
