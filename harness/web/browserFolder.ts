import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for all that one browser writes: its profile and its temporary files. */
export interface BrowserFolder {
  readonly path: string;
  remove(): void;
}

/** Machines may share a folder of temporary files, and a process has its number on one of them. */
function namePrefix(): string {
  return `sam-bench-browser-${hostname().replaceAll(/[^\w.]/g, "_")}-`;
}

/** Makes a folder for a browser of this process, and removes those of processes that were killed before they could. */
export function browserFolder(parent = tmpdir()): BrowserFolder {
  removeOrphans(parent);
  const path = mkdtempSync(join(parent, `${namePrefix()}${process.pid}-`));
  return { path, remove: () => removeFolder(path) };
}

function removeOrphans(parent: string): void {
  const prefix = namePrefix();
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(prefix)) continue;
    const owner = Number(/^\d+(?=-)/.exec(name.slice(prefix.length))?.[0]);
    if (Number.isInteger(owner) && !isThere(owner)) removeFolder(join(parent, name));
  }
}

/** A browser that is about to end may still write: what it leaves is removed at the next start. */
function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    return;
  }
}

function isThere(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    // A process of another user is there as well.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
