import { z } from "zod";
import { cachedResult } from "../../store/disk/fileCache.ts";
import { closureHash, closureOf } from "./importClosure.ts";

/**
 * The cache of closures: a digest of code takes long to find, and is looked up as long as none of the files that it was made of
 * has changed.
 */

const record = z.strictObject({ digest: z.string(), files: z.array(z.string()).min(1) });

const defaults = {
  /** A file that changed may lead to another list of files, which is looked up in its turn, but no more often than this. */
  lists: 8,
};

/** Returns what `closureHash` returns of a module. */
export async function cachedClosureHash(module: string): Promise<string> {
  let files: readonly string[] = [module];
  for (let list = 0; list < defaults.lists; list++) {
    const known = recordIn(await cachedResult("closure", files, async () => describe(module)));
    if (known === undefined) break;
    if (known.files.join("\0") === files.join("\0")) return known.digest;
    files = known.files;
  }
  return closureHash(module);
}

function describe(module: string): string {
  const { files, packages } = closureOf(module);
  return JSON.stringify({ digest: closureHash(module), files: [...files, ...packages].sort() });
}

function recordIn(text: string): z.infer<typeof record> | undefined {
  try {
    return record.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
