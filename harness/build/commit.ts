import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../plan/plugins/sources.ts";

interface Commit {
  readonly hash: string;
  /** True if there are changes that no commit has. */
  readonly dirty: boolean;
}

/** The commit is read once: the code that runs is the code that this process began with. */
let known: { readonly commit: Commit | undefined } | undefined;

/** Returns the commit that runs, where the project is a git checkout and git is installed. */
export function readCommit(): Commit | undefined {
  known ??= { commit: commitOf(projectRoot) };
  return known.commit;
}

/** Returns the commit that is checked out in a folder; nothing where there is none yet. */
export function commitOf(folder: string): Commit | undefined {
  if (!existsSync(join(folder, ".git"))) return undefined;
  try {
    // One call of git says both: lines without # are changes.
    const text = git(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no");
    const hash = /^# branch\.oid ([0-9a-f]+)$/m.exec(text)?.[1];
    return hash === undefined ? undefined : { hash, dirty: /^[^#]/m.test(text) };
  } catch {
    return undefined;
  }
}

/** A commit of the project that is measured, which need not be this one. */
export interface ProjectCommit {
  readonly hash: string;
  /** Date of the commit, UTC; absent where git does not know the commit. */
  readonly date?: string | undefined;
  /** Present for the commit that is checked out. */
  readonly dirty?: boolean | undefined;
}

/**
 * Returns the commit that is checked out around a folder, or the one that `revision` names, as git knows it. Nothing where git
 * knows none: no checkout, no commit yet, no such name.
 */
export function projectCommit(folder: string, revision?: string): ProjectCommit | undefined {
  try {
    const name = `${revision ?? "HEAD"}^{commit}`;
    const hash = git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", name).trim();
    const date = new Date(git(folder, "show", "--no-patch", "--format=%cI", hash).trim()).toISOString();
    if (revision !== undefined) return { hash, date };
    return { hash, date, dirty: git(folder, "status", "--porcelain", "--untracked-files=no") !== "" };
  } catch {
    return undefined;
  }
}

function git(folder: string, ...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}
