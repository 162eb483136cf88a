/** This file reads a zip file's directory, and finds where its entries lie. yauzl reads the directory. */

import type { Entry, RandomAccessReader, ZipFile } from "yauzl";
import { HarnessError } from "../../errors.ts";
import { damaged, printable } from "../damage.ts";
import { type ByteSource, readBytes } from "../source.ts";

export type ZipEntry = Entry;
export type ZipDirectory = ReadonlyMap<string, ZipEntry>;

/**
 * Returns the entries by name; nothing is unpacked. A name that occurs twice is refused: two readers could take two different
 * entries for it. Throws HarnessError for a zip that is damaged, holds more than `mostEntries`, or has names that leave its
 * folder.
 */
export async function zipDirectory(source: ByteSource, mostEntries: number): Promise<ZipDirectory> {
  const directory = new Map<string, ZipEntry>();
  try {
    // Not at the top: most commands open no zip file, and need not wait for the library.
    const yauzl = await import("yauzl");
    const reader = zipReader(source, yauzl.RandomAccessReader);
    const zip: ZipFile = await yauzl.fromRandomAccessReaderPromise(reader, source.size, { autoClose: false });
    for await (const entry of zip.eachEntry()) {
      if (directory.has(entry.fileName)) throw new Error(`entry ${printable(entry.fileName)} is there twice`);
      if (directory.size >= mostEntries) throw new Error(`more than ${mostEntries} entries`);
      directory.set(entry.fileName, entry);
    }
  } catch (cause) {
    throw new HarnessError(`${source.label}: the zip directory is damaged or cut off`, {
      found: printable((cause as Error).message),
      hint: "download or copy the file again",
      cause,
    });
  }
  return directory;
}

/** yauzl asks for a subclass; it waits for each answer, so they come one tick later as a file's would. */
function zipReader(source: ByteSource, Base: typeof RandomAccessReader): RandomAccessReader {
  class SourceReader extends Base {
    override read(
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
      callback: (error: Error | null, count?: number) => void,
    ): void {
      queueMicrotask(() => {
        try {
          buffer.set(readBytes(source, position, length), offset);
        } catch (cause) {
          return callback(cause as Error);
        }
        callback(null, length);
      });
    }
  }
  return new SourceReader();
}

/**
 * Returns the offset of the entry's packed bytes: its local header may differ from the directory in length. Throws HarnessError
 * where they leave the file, and for what can not be unpacked: encrypted, or packed otherwise than by deflate.
 */
export function entryStart(source: ByteSource, entry: ZipEntry): number {
  const broken = (problem: string) => brokenEntry(source, entry, problem);
  const at = entry.relativeOffsetOfLocalHeader;
  if (at + 30 > source.size) throw broken("lies behind the end of the file");
  const header = new DataView(readBytes(source, at, 30).buffer);
  if (header.getUint32(0, true) !== 0x04034b50) throw broken("has no header");
  const start = at + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + entry.compressedSize > source.size) throw broken("reaches behind the end of the file");
  if (entry.isEncrypted()) throw broken("is encrypted");
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
    throw broken(`is compressed by an unknown method ${entry.compressionMethod}`);
  return start;
}

export function brokenEntry({ label }: ByteSource, entry: ZipEntry, problem: string): HarnessError {
  return damaged(`${label}: zip entry ${printable(entry.fileName)} ${problem}`);
}
