import { fileURLToPath } from "node:url";
import { cachedClosureHash } from "../../plan/plugins/closureCache.ts";
import { sha256 } from "../../store/canonical.ts";

/** The module that imports all code by which entries are made. */
const entryCode = fileURLToPath(new URL("./reports.ts", import.meta.url));

/**
 * Returns what decides an entry of the index beside the files of its run: the code that reads, checks and scores a run, its own
 * and that of the plug-ins, and what computes in it.
 */
export async function indexKey(plugins: readonly string[] = []): Promise<string> {
  const parts = [process.version, process.arch];
  for (const module of [entryCode, ...plugins]) parts.push(await cachedClosureHash(module));
  return sha256(parts.join(" "));
}
