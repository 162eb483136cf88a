import { HarnessError, unknown } from "../errors.ts";
import type { PullItem } from "./place.ts";

/** Returns the hashes that the user gives, by file id: HASH for a single file, FILE=HASH for each of several. */
export function expectedHashes(given: readonly string[], items: readonly PullItem[]): ReadonlyMap<string, string> {
  const ids = items.map(({ file }) => file.id);
  const hashes = new Map<string, string>();
  for (const text of given) {
    const [name, hash] = text.includes("=") ? (text.split("=", 2) as [string, string]) : [undefined, text];
    if (!/^[0-9a-f]{64}$/i.test(hash))
      throw new HarnessError("--sha256: not a SHA-256", { found: hash, expected: "64 hexadecimal digits" });
    if (name === undefined && ids.length > 1)
      throw new HarnessError("--sha256: is of one file", { found: ids.join(", "), hint: "FILE=HASH says of which" });
    const id = name ?? ids[0]!;
    if (!ids.includes(id)) throw unknown("file of --sha256", id, ids);
    if (hashes.has(id)) throw new HarnessError(`--sha256: two hashes of ${id}`);
    hashes.set(id, hash.toLowerCase());
  }
  return hashes;
}
