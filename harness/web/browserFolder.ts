import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder for what one browser writes. */
export interface BrowserFolder {
  readonly path: string;
  /** Its profile, within. */
  readonly profile: string;
  remove(): void;
}

const profileName = "profile";

/** Machines may share a folder of temporary files, and a process has its number on one of them. */
function namePrefix(): string {
  return `sam-bench-browser-${hostname().replaceAll(/[^\w.]/g, "_")}-`;
}

/** Makes a folder for a browser of this process, and removes those of processes that were killed before they could. */
export function browserFolder(parent = tmpdir()): BrowserFolder {
  removeOrphans(parent);
  const path = mkdtempSync(join(parent, `${namePrefix()}${process.pid}-`));
  return { path, profile: join(path, profileName), remove: () => removeFolder(path) };
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
    const beside = socketFolder(path);
    if (beside !== undefined) rmSync(beside, { recursive: true, force: true });
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    return;
  }
}

/**
 * Returns the folder of the browser's socket, which it makes beside ours: a socket's path may be 107 bytes long, and that of a profile
 * is often longer. The profile has a link to it.
 */
function socketFolder(path: string): string | undefined {
  try {
    const folder = dirname(readlinkSync(join(path, profileName, "SingletonSocket")));
    return dirname(folder) === dirname(path) ? folder : undefined;
  } catch {
    return undefined;
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
