import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../plan/plugins/sources.ts";

/**
 * Returns the commit that runs, where the project is a git checkout and git is installed. `dirty` means that there are changes
 * that no commit has.
 */
export function readCommit(): { readonly hash: string; readonly dirty: boolean } | undefined {
  if (!existsSync(join(projectRoot, ".git"))) return undefined;
  try {
    return { hash: git("rev-parse", "HEAD"), dirty: git("status", "--porcelain", "--untracked-files=no") !== "" };
  } catch {
    return undefined;
  }
}

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: projectRoot, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}
