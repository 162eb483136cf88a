import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder for what one browser writes. */
export interface BrowserFolder {
  readonly path: string;
  /** Its profile, within. */
  readonly profile: string;
  /** Variables of the environment by which the browser's temporary files are in it too, where their paths are not too long. */
  readonly environment: Readonly<Record<string, string>>;
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
  return {
    path,
    profile: join(path, profileName),
    environment: isShort(path) ? { TMPDIR: path } : {},
    remove: () => removeFolder(path),
  };
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

/** A socket's path may be 107 bytes long. Source: unix(7). */
function isShort(path: string): boolean {
  return Buffer.byteLength(join(path, "org.chromium.Chromium.XXXXXX", "SingletonSocket")) <= 107;
}

/** Returns the folder of the browser's socket, which it makes beside ours where ours is too long; the profile has a link to it. */
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
