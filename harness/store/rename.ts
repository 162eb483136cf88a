import { join } from "node:path";
import { acquireLock, type LockOptions } from "./disk/lock.ts";
import { readManifest, writeManifest } from "./manifest.ts";
import { isEarlier } from "./schema.ts";

/**
 * Calls the stored run of this id by the name that its checkpoint has now. A name is no part of a run's identity: the same file
 * under another name is the same measurement, and is not measured again. Nothing is written where no run is here, or where it is
 * called so already.
 */
export async function renameRun(results: string, id: string, name: string, options: LockOptions = {}): Promise<void> {
  const folder = join(results, id);
  const stored = await readManifest(folder);
  if (stored === undefined || isEarlier(stored) || stored.variant.name === name) return;
  const lock = await acquireLock(join(folder, "lock"), options);
  try {
    // Read again: another process may have ended the run meanwhile.
    const current = (await readManifest(folder)) ?? stored;
    await writeManifest(folder, { ...current, variant: { ...current.variant, name } });
  } finally {
    await lock.release();
  }
}
