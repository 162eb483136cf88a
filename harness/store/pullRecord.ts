import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError } from "../errors.ts";
import { errorCode } from "./disk/disk.ts";

/** The record of a download, as `bench pull` leaves it in the home folder. */

/** Why the content is believed: the authors' hash, the user's, or that it was the same the first time. */
export type Trust = "published" | "given" | "first download";

export interface PullRecord {
  readonly id: string;
  readonly url: string;
  /** Of the file as it was downloaded, before it was unpacked. */
  readonly bytes: number;
  readonly sha256: string;
  readonly trust: Trust;
  readonly pulledAt: string;
  /** Of the list of what was unpacked, for an archive (pulledFiles.ts). */
  readonly listSha256?: string;
  /** Paths relative to the home folder, files and whole folders, with the bytes in them; none after a removal. */
  readonly places: readonly { readonly path: string; readonly bytes: number }[];
}

export const pullRecordFile = (home: string, id: string) => join(home, "pulled", `${id}.json`);

/** Throws HarnessError for a record that can not be read: the pinned hash in it must not be lost silently. */
export async function readPullRecord(home: string, id: string): Promise<PullRecord | undefined> {
  const file = pullRecordFile(home, id);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const record = parse(text);
  if (typeof record?.sha256 === "string" && typeof record.bytes === "number" && Array.isArray(record.places))
    return record as PullRecord;
  throw new HarnessError(`${file}: damaged record of a download`, {
    hint: "delete it and pull again; the next download is then the first",
  });
}

function parse(text: string): Partial<PullRecord> | undefined {
  try {
    return JSON.parse(text) as Partial<PullRecord>;
  } catch {
    return undefined;
  }
}
