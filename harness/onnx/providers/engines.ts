import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readSync } from "node:fs";
import { dirname, join } from "node:path";
import { homeFolder } from "../../home.ts";
import { readSignature } from "../files/signature.ts";

const defaults = {
  /** Bytes that are read at a time. */
  chunk: 2 ** 20,
};

/**
 * Returns the folder in which engines of a graph are kept, and makes it: its name is the SHA-256 of the graph's files, so that other
 * weights never meet an engine that was built of these.
 */
export function engineFolder(file: string): string {
  const beside = readSignature(file).externalFiles.map((name) => join(dirname(file), name));
  const hash = createHash("sha256");
  for (const each of [file, ...beside]) for (const bytes of chunksOf(each)) hash.update(bytes);
  const folder = join(homeFolder(), "engines", hash.digest("hex").slice(0, 32));
  mkdirSync(folder, { recursive: true });
  return folder;
}

function* chunksOf(file: string): Generator<Uint8Array> {
  const buffer = new Uint8Array(defaults.chunk);
  const handle = openSync(file, "r");
  try {
    for (;;) {
      const length = readSync(handle, buffer);
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(handle);
  }
}
