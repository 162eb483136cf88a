import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { crc32, createInflateRaw } from "node:zlib";
import { HarnessError } from "../errors.ts";
import { onDisk } from "../store/disk/disk.ts";
import { type ByteSource, fileSource } from "../weights/source.ts";
import { brokenEntry, entryStart, type ZipDirectory, type ZipEntry, zipDirectory } from "../weights/torch/zip.ts";
import { requireSpace } from "./part.ts";

/** COCO's train2017 has 118,287 files; its annotations shrink to a fifth. An archive far beyond both only fills disks. */
const limits = { entries: 500_000, inflation: 100, alwaysInflated: 64 * 2 ** 20 };

export interface UnpackOptions {
  /** Returns the place of an entry, relative to the folder; nothing leaves the entry out. */
  targetOf(name: string): string | undefined;
  progress(done: number, total: number): void;
}

/**
 * Writes the entries of a zip file into a folder that is not there yet, one stream after the other. Lengths and checksums are
 * those that the archive gives. Returns the SHA-256 of each file by its place relative to the folder. Throws HarnessError for an
 * archive that is damaged, is too large, or has names that leave the folder.
 */
export async function unpackZip(
  archive: string,
  folder: string,
  options: UnpackOptions,
): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  const source = fileSource(archive);
  try {
    const files = filesOf(source, await zipDirectory(source, limits.entries), options);
    const bytes = files.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
    const most = Math.max(limits.alwaysInflated, limits.inflation * source.size);
    if (bytes > most)
      throw new HarnessError(`${archive}: claims to hold far more than its size`, {
        found: `${bytes} bytes in ${source.size}`,
        expected: `at most ${most}`,
        hint: "it is no archive of photos or annotations",
      });
    await onDisk(folder, () => mkdir(folder, { recursive: true }));
    await requireSpace(join(folder, "."), bytes);
    for (const [done, { entry, target }] of files.entries()) {
      hashes.set(target, await unpackEntry(source, entry, join(folder, target)));
      options.progress(done + 1, files.length);
    }
    return hashes;
  } finally {
    source.close();
  }
}

interface PlacedEntry {
  readonly entry: ZipEntry;
  readonly target: string;
}

function filesOf(source: ByteSource, directory: ZipDirectory, { targetOf }: UnpackOptions): readonly PlacedEntry[] {
  const placed = new Map<string, PlacedEntry>();
  for (const [name, entry] of directory) {
    const target = name.endsWith("/") ? undefined : targetOf(name);
    if (target === undefined) continue;
    requireInside(source, entry, target);
    // On file systems without case, one would be written over the other.
    const key = target.toLowerCase();
    if (placed.has(key)) throw brokenEntry(source, entry, "has the name of another");
    placed.set(key, { entry, target });
  }
  return [...placed.values()];
}

/**
 * Throws HarnessError for an entry that is no file in the folder. The upper half of its attributes is a Unix mode; a link would
 * lead what follows out of the folder.
 */
function requireInside(source: ByteSource, entry: ZipEntry, target: string): void {
  const kind = (entry.externalFileAttributes >>> 16) & 0o170000;
  if (kind !== 0 && kind !== 0o100000) throw brokenEntry(source, entry, "is a link or a device");
  const parts = target.split("/");
  const odd = parts.some((part) => part === "" || part === "." || part === ".." || /[\\:\p{Cc}]/u.test(part));
  if (odd) throw brokenEntry(source, entry, "has a name that leads out of the folder");
}

/** Writes one entry, and returns the SHA-256 of what was written. */
async function unpackEntry(source: ByteSource, entry: ZipEntry, target: string): Promise<string> {
  await onDisk(target, () => mkdir(dirname(target), { recursive: true }));
  const file = await onDisk(target, () => open(target, "wx"));
  let size = 0;
  let checksum = 0;
  const hash = createHash("sha256");
  try {
    for await (const chunk of contentOf(source, entry)) {
      size += chunk.length;
      if (size > entry.uncompressedSize) throw brokenEntry(source, entry, "is longer than the archive says");
      checksum = crc32(chunk, checksum);
      hash.update(chunk);
      await onDisk(target, () => file.writeFile(chunk));
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && String(error.code).startsWith("Z_"))
      throw brokenEntry(source, entry, "can not be inflated");
    throw error;
  } finally {
    await file.close();
  }
  if (size !== entry.uncompressedSize || checksum !== entry.crc32)
    throw brokenEntry(source, entry, "is not what the archive's checksum says");
  return hash.digest("hex");
}

async function* contentOf(source: ByteSource, entry: ZipEntry): AsyncGenerator<Buffer, void, void> {
  const start = entryStart(source, entry);
  if (entry.compressedSize === 0) return;
  const packed = createReadStream(source.label, { start, end: start + entry.compressedSize - 1 });
  const content: Readable = entry.compressionMethod === 0 ? packed : packed.pipe(createInflateRaw());
  packed.on("error", (error) => content.destroy(error));
  try {
    yield* content as AsyncIterable<Buffer>;
  } finally {
    packed.destroy();
  }
}
