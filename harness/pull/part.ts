import { type FileHandle, open, readFile, rm, stat, statfs, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { HarnessError } from "../errors.ts";
import { errorCode, onDisk } from "../store/disk/disk.ts";

/** Says which file the bytes of a part belong to. For another address, or another version of the file, they are worthless. */
const partOrigin = z.object({
  url: z.string(),
  /** The server's name for this version: a strong ETag, else the date of the last change. */
  validator: z.string().optional(),
  /** Holds the size of the whole file, where the server said so. */
  total: z.int().optional(),
});

export type PartOrigin = Readonly<z.infer<typeof partOrigin>>;

/** A part is a file on its way: its first bytes, and beside them their origin. */
export interface Part {
  readonly path: string;
  readonly size: number;
  readonly origin: PartOrigin | undefined;
  /** Forgets the bytes and begins a file of this origin. */
  restart(origin: PartOrigin): Promise<void>;
  append(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Opens the part that an earlier attempt left, if it is of this address. The caller holds the file's lock. */
export async function openPart(path: string, url: string): Promise<Part> {
  const file = await onDisk(path, () => open(path, "a+").then(reopen(path)));
  const found = await readOrigin(path);
  let origin = found?.url === url ? found : undefined;
  let size = (await file.stat()).size;
  const truncate = async () => {
    await onDisk(path, () => file.truncate(0));
    size = 0;
  };
  if (origin === undefined) await truncate();
  return {
    path,
    get size() {
      return size;
    },
    get origin() {
      return origin;
    },
    async restart(next) {
      await truncate();
      await onDisk(path, () => writeFile(originFile(path), JSON.stringify(next)));
      origin = next;
    },
    async append(bytes) {
      await writeAll(path, file, bytes, size);
      size += bytes.length;
    },
    close: () => file.close(),
  };
}

/** Returns the file opened for writing at positions; the first call, in append mode, created it. */
function reopen(path: string): (created: FileHandle) => Promise<FileHandle> {
  return async (created) => {
    await created.close();
    return open(path, "r+");
  };
}

async function writeAll(path: string, file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; )
      done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  } catch (error) {
    if (!["ENOSPC", "EDQUOT", "EFBIG"].includes(errorCode(error) ?? "")) throw error;
    throw fullDisk(path, errorCode(error)!, error);
  }
}

/** Throws HarnessError before the first byte where the rest does not fit. */
export async function requireSpace(path: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  if (bavail * bsize < bytes) throw fullDisk(path, `${bavail * bsize} bytes free, ${bytes} needed`);
}

function fullDisk(path: string, found: string, cause?: unknown): HarnessError {
  return new HarnessError(`${path}: the disk is full`, {
    found,
    cause,
    hint: "free some space, or set SAM_BENCH_HOME to a folder on another disk; what came is kept, the same command goes on",
  });
}

export async function removePart(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(originFile(path), { force: true });
}

export async function partSize(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

const originFile = (path: string) => `${path}.json`;

/** Returns nothing where the origin is missing or was cut off: then nobody knows where the bytes beside it came from. */
async function readOrigin(path: string): Promise<PartOrigin | undefined> {
  try {
    return partOrigin.parse(JSON.parse(await readFile(originFile(path), "utf8")));
  } catch {
    return undefined;
  }
}
