import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError } from "../errors.ts";
import { errorCode } from "./disk/disk.ts";

/** The record of a download is what `bench pull` leaves in the home folder. */

/**
 * Says why the content is believed: because of the authors' hash, the user's, or because it was the same at the first download.
 */
export type Trust = "published" | "given" | "first download";

export interface PullRecord {
  readonly id: string;
  readonly url: string;
  /** Size and hash of the file as it was downloaded, before it was unpacked. */
  readonly bytes: number;
  readonly sha256: string;
  readonly trust: Trust;
  readonly pulledAt: string;
  /** Hash of the list of unpacked files, for an archive (pulledFiles.ts). */
  readonly listSha256?: string;
  /**
   * Names files and folders that the download filled, relative to the home folder, with the bytes in them; none after a removal.
   */
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
