import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectCommit } from "../../build/commit.ts";
import { HarnessError } from "../../errors.ts";
import { projectRoot } from "../../plan/plugins/sources.ts";

/** A copy of the project whose `bench` is called, with a home folder of its own: caches of one copy are never another's. */
export interface Checkout {
  readonly name: string;
  readonly root: string;
  /** Folder that `SAM_BENCH_HOME` names. */
  readonly home: string;
  /** Says which commit it is, and with which libraries it runs. */
  readonly about: string;
}

/** Folder that holds everything of a measurement, and the copies of the project that are measured: this one is the first. */
export interface Workplace {
  readonly folder: string;
  readonly checkouts: readonly [Checkout, ...Checkout[]];
}

/**
 * Runs work on this checkout, and on another revision of the project where one is given. All that belongs to it lies in one
 * temporary folder, which is deleted at the end, also where a second Ctrl-C ends the process. Throws HarnessError for a revision
 * that git does not know.
 */
export async function withRevision<T>(
  revision: string | undefined,
  work: (workplace: Workplace) => Promise<T>,
): Promise<T> {
  const commit = revision === undefined ? undefined : commitOf(revision);
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-revision-"));
  const remove = () => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    // Git keeps a note of each folder that it has checked something out into.
    if (commit !== undefined) execFileSync("git", ["-C", projectRoot, "worktree", "prune"]);
  };
  process.once("exit", remove);
  try {
    const here = homed(folder, { name: "here", root: projectRoot, about: aboutHere() });
    const other = commit === undefined ? [] : [await checkedOut(folder, revision!, commit)];
    return await work({ folder, checkouts: [here, ...other] });
  } finally {
    process.off("exit", remove);
    remove();
  }
}

function commitOf(revision: string): string {
  const commit = projectCommit(projectRoot, revision);
  if (commit !== undefined) return commit.hash;
  throw new HarnessError(`${revision}: no commit of this project`, {
    hint: "name a commit, a branch or a tag of the git checkout that this command runs in",
  });
}

/** Checks the commit out into the folder. The libraries are those of this checkout. */
async function checkedOut(folder: string, name: string, commit: string): Promise<Checkout> {
  const root = join(folder, "project");
  await promisify(execFile)("git", ["-C", projectRoot, "worktree", "add", "--quiet", "--detach", root, commit]);
  symlinkSync(join(projectRoot, "node_modules"), join(root, "node_modules"), "junction");
  const same = lockFile(root) === lockFile(projectRoot);
  const libraries = same ? "the same libraries" : "the libraries of here, which its package-lock.json does not ask for";
  return homed(folder, { name, root, about: `${commit.slice(0, 12)}, with ${libraries}` });
}

function lockFile(root: string): string {
  return readFileSync(join(root, "package-lock.json"), "utf8");
}

function homed(folder: string, checkout: Omit<Checkout, "home">): Checkout {
  const home = join(folder, `home of ${checkout.name.replaceAll(/[^\w.-]/g, "-")}`);
  mkdirSync(home);
  return { ...checkout, home };
}

function aboutHere(): string {
  const commit = projectCommit(projectRoot);
  if (commit === undefined) return "no git checkout";
  return `${commit.hash.slice(0, 12)}${commit.dirty === true ? " and what is changed since" : ""}`;
}
