import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { browserFolder } from "./browserFolder.ts";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "sam-bench-folders-"));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

test("a folder of a process that is gone is removed with all in it, and that of a living one and any other stay", () => {
  const living = browserFolder(parent);
  const orphan = browserFolder(parent);
  const ended = spawnSync(process.execPath, ["--version"]).pid;
  const renamed = join(parent, basename(orphan.path).replace(`-${process.pid}-`, `-${ended}-`));
  renameSync(orphan.path, renamed);
  mkdirSync(join(renamed, "profile", "Default"), { recursive: true });
  mkdirSync(join(parent, "its-socket"));
  symlinkSync(join(parent, "its-socket", "SingletonSocket"), join(renamed, "profile", "SingletonSocket"));
  mkdirSync(join(parent, "somebody-else"));
  const next = browserFolder(parent);
  expect(readdirSync(parent).toSorted()).toEqual(
    [basename(living.path), basename(next.path), "somebody-else"].toSorted(),
  );
  next.remove();
  expect(existsSync(next.path)).toBe(false);
});
