import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { HarnessError } from "../../errors.ts";
import { refuseIrregular } from "../../files.ts";
import { diskError, errorCode, onDisk } from "./disk.ts";

const defaults = {
  /** The longest wait between two syncs while lines come in, ms: a power cut can cost so much. */
  syncMs: 1000,
  /** A line longer than this is no row: reading stops instead of filling memory, bytes. */
  longestLine: 64 * 2 ** 20,
};

export interface Line {
  readonly text: string;
  /** The first line is number 1. */
  readonly number: number;
  /** The line begins at offset `start` and ends with its line break before offset `end`. */
  readonly start: number;
  readonly end: number;
  /** False for a last line without line break: the write was cut off. */
  readonly whole: boolean;
}

/**
 * Yields the lines from offset `start` up to `end` (without it, the file's end), one in memory at a time. A missing file has
 * none.
 */
export async function* readLines(
  path: string,
  { start = 0, end, longestLine = defaults.longestLine }: { start?: number; end?: number; longestLine?: number } = {},
): AsyncGenerator<Line, void, void> {
  if (end !== undefined && end <= start) return;
  refuseIrregular(path);
  const stream = createReadStream(path, {
    start,
    highWaterMark: 2 ** 18,
    end: end === undefined ? undefined : end - 1,
  });
  let number = 0;
  let from = start;
  let pending = [] as Buffer[];
  let pendingBytes = 0;
  const take = (last: Buffer, whole: boolean): Line => {
    const bytes = Buffer.concat([...pending, last]);
    const line = {
      text: bytes.toString("utf8"),
      number: ++number,
      start: from,
      end: from + bytes.length + (whole ? 1 : 0),
      whole,
    };
    [from, pending, pendingBytes] = [line.end, [], 0];
    return line;
  };
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let rest = chunk;
      for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
        yield take(rest.subarray(0, at), true);
        rest = rest.subarray(at + 1);
      }
      pending.push(rest);
      pendingBytes += rest.length;
      if (pendingBytes > longestLine)
        throw new HarnessError(`${path}:${number + 1}: the line does not end`, { found: `over ${longestLine} bytes` });
    }
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  if (pendingBytes > 0) yield take(Buffer.alloc(0), false);
}

/** A file that only grows, by whole pieces of text or not at all. */
export interface LineFile {
  /** Bytes that count; what lies behind them was left by a failed write. */
  readonly end: number;
  /** Throws HarnessError when the disk is full or closed; the file then ends where it did before. */
  append(text: string): Promise<void>;
  /** Empties the file. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export interface LineFileOptions {
  /** Offset where the last whole piece ends; what lies behind it is cut off. */
  readonly end: number;
  readonly open?: (
    path: string,
    flags: string,
  ) => Promise<Pick<FileHandle, "write" | "truncate" | "datasync" | "close">>;
  readonly nowMs?: () => number;
}

/**
 * Opens a file for appending. One write call a piece: what the kernel has taken survives `kill -9`. It is forced to disk once a
 * second and on closing, so a power cut costs a second of work, which is then done again.
 */
export async function openLineFile(path: string, options: LineFileOptions): Promise<LineFile> {
  const { nowMs = () => performance.now() } = options;
  const file = await openOrCreate(path, options.open ?? open);
  let end = options.end;
  let syncedAt = nowMs();
  await onDisk(path, () => file.truncate(end));

  const write = async (bytes: Buffer) => {
    for (let done = 0; done < bytes.length; ) {
      done += (await file.write(bytes, done, bytes.length - done, end + done)).bytesWritten;
    }
    if (nowMs() - syncedAt < defaults.syncMs) return;
    await file.datasync();
    syncedAt = nowMs();
  };
  return {
    get end() {
      return end;
    },
    async append(text) {
      const bytes = Buffer.from(text, "utf8");
      try {
        await write(bytes);
      } catch (error) {
        // If even this fails, the next opening cuts the rest off.
        await file.truncate(end).catch(() => undefined);
        throw diskError(error, path);
      }
      end += bytes.length;
    },
    async clear() {
      await onDisk(path, () => file.truncate(0));
      end = 0;
    },
    async close() {
      try {
        await file.datasync();
      } catch (error) {
        throw diskError(error, path);
      } finally {
        await file.close();
      }
    },
  };
}

/**
 * Opens the file, but not in append mode: there, Linux ignores positions, and what a failed truncation leaves could not be
 * overwritten.
 */
async function openOrCreate(path: string, openFile: NonNullable<LineFileOptions["open"]>) {
  try {
    return await openFile(path, "r+").catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return openFile(path, "wx+");
      throw error;
    });
  } catch (error) {
    throw diskError(error, path);
  }
}
