import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { HarnessError } from "../../errors.ts";
import { checked, parseJson } from "../../foreign.ts";
import { errorCode } from "../disk/disk.ts";
import { count, hash, type Immutable, text } from "../schema/fields.ts";

/** The record of a download is what `bench pull` leaves in the home folder. */
const pullRecord = z.object({
  id: text,
  url: text,
  /** Size and hash of the file as it was downloaded, before it was unpacked. */
  bytes: count,
  sha256: hash,
  /** Says why the content is believed: because of the authors' hash, the user's, or because it was the same at the first download. */
  trust: z.enum(["published", "given", "first download"]),
  pulledAt: text,
  /** Name of the licence that was accepted for the download; absent where the file's licence did not have to be. */
  acceptedLicence: text.optional(),
  /** Hash of the list of unpacked files, for an archive (pulledFiles.ts). */
  listSha256: hash.optional(),
  /** Names files and folders that the download filled, relative to the home folder, with the bytes in them; none after a removal. */
  places: z.array(z.object({ path: text, bytes: count })),
});

export type PullRecord = Immutable<z.infer<typeof pullRecord>>;
export type Trust = PullRecord["trust"];

export const pullRecordFile = (home: string, id: string) => join(home, "pulled", `${id}.json`);

/** Throws HarnessError for a record that can not be read: the pinned hash in it must not be lost silently. */
export async function readPullRecord(home: string, id: string): Promise<PullRecord | undefined> {
  const file = pullRecordFile(home, id);
  try {
    return checked(pullRecord, parseJson(await readFile(file, "utf8"), file), file);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (!(error instanceof HarnessError)) throw error;
    throw new HarnessError(`${file}: damaged record of a download`, {
      hint: "delete it and pull again; the next download is then the first",
      cause: error,
    });
  }
}
