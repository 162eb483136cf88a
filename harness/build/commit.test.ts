import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commitOf, projectCommit } from "./commit.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-commit-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function git(...args: readonly string[]): string {
  const author = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"];
  return execFileSync("git", [...author, ...args], { cwd: folder, encoding: "utf8" }).trim();
}

test("a commit is told by its hash, and changes that no commit has make it dirty; untracked files do not", () => {
  expect(commitOf(folder)).toBeUndefined();
  git("init", "--quiet");
  expect(commitOf(folder)).toBeUndefined();
  writeFileSync(join(folder, "a.txt"), "one\n");
  git("add", "a.txt");
  git("commit", "--quiet", "--message", "one");
  const hash = git("rev-parse", "HEAD");
  writeFileSync(join(folder, "notes.txt"), "untracked\n");
  expect(commitOf(folder)).toEqual({ hash, dirty: false });
  writeFileSync(join(folder, "a.txt"), "two\n");
  expect(commitOf(folder)).toEqual({ hash, dirty: true });
});

test("the commit of a project is known from its subfolders, by any name that git has, with its date in UTC", () => {
  git("init", "--quiet");
  expect(projectCommit(folder)).toBeUndefined();
  git("commit", "--quiet", "--allow-empty", "--message", "one");
  const date = new Date(git("show", "--no-patch", "--format=%cI")).toISOString();
  const hash = git("rev-parse", "HEAD");
  mkdirSync(join(folder, "inner"));
  expect(projectCommit(join(folder, "inner"))).toEqual({ hash, date, dirty: false });
  expect(projectCommit(folder, hash.slice(0, 9))).toEqual({ hash, date });
  expect(projectCommit(folder, "no-such-name")).toBeUndefined();
  expect(projectCommit(folder, "--help")).toBeUndefined();
});
