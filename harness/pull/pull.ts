import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { PublishedFile } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { cachedResult, readSha256, sha256OfFile } from "../store/disk/fileCache.ts";
import { acquireLock, type Lock, LockInUse } from "../store/disk/lock.ts";
import { readUnpackedList, writeUnpackedList } from "../store/pulled/pulledFiles.ts";
import { type PullRecord, readPullRecord, type Trust } from "../store/pulled/pullRecord.ts";
import { shownAddress, withoutLogins } from "./address.ts";
import { type DownloadOptions, download } from "./download.ts";
import { removePart } from "./part.ts";
import { nameOf, type PullItem, pathOf, place } from "./place.ts";
import { bytesOf, makeFolders, pathsOf, stateOf, writeRecord } from "./pullFolder.ts";

export interface PullOptions extends Omit<DownloadOptions, "progress"> {
  readonly home: string;
  /** Files are taken from this address, under their own names. */
  readonly mirror?: string;
  /** The hash that the file must have, in place of the one that its authors publish. */
  readonly sha256?: string;
  readonly insecureHttp: boolean;
  progress(step: "download" | "unpack", done: number, total: number | undefined): void;
}

const defaults = {
  /** A second pull of one file looks so often whether the first is done, ms. */
  waitMs: 500,
};

/**
 * Brings one file, unless it is here: downloaded beside, checked, then put in its place as a whole. Of two processes one
 * downloads and the other waits. Throws HarnessError; what came stays on disk for the next time where it can be of use.
 */
export async function pull(item: PullItem, options: PullOptions): Promise<PullRecord> {
  await makeFolders(options.home);
  const { file } = item;
  const here = () => pulledBefore(file, options);
  const found = await here();
  if (found !== undefined) return found;
  const lock = await waitForLock(pathsOf(options.home, file.id).lock, file.id, options);
  try {
    return (await here()) ?? (await fetchFile(item, options));
  } finally {
    await lock.release();
  }
}

/** Returns the record of a file that is here with the right content, so that nothing is left to bring; else nothing. */
export async function pulledBefore(
  file: PublishedFile,
  { home, sha256 }: Pick<PullOptions, "home" | "sha256">,
): Promise<PullRecord | undefined> {
  const state = await stateOf(home, file);
  if (state.state !== "here" || state.record.sha256 !== (sha256 ?? state.record.sha256)) return undefined;
  return (await isAsPulled(home, state.record)) ? state.record : undefined;
}

/**
 * Returns whether the files still are what came: a file that lies as it came, or the files of an archive. An archive without a
 * list has no hashes, and counts as unchanged.
 */
async function isAsPulled(home: string, record: PullRecord): Promise<boolean> {
  const { places, bytes, sha256, listSha256 } = record;
  if (listSha256 !== undefined) return isAsUnpacked(home, record);
  const [place, ...others] = places;
  if (place === undefined || others.length > 0 || place.bytes !== bytes) return true;
  const file = join(home, place.path);
  return !(await stat(file)).isFile() || (await sha256OfFile(file)) === sha256;
}

/**
 * Returns whether the files of an archive are those that came. A damaged list tells nothing, so that its files are brought anew.
 */
async function isAsUnpacked(home: string, record: PullRecord): Promise<boolean> {
  try {
    const list = (await readUnpackedList(home, record))!;
    const files = list.map(({ path }) => join(home, path));
    const found = await cachedResult("unpacked", files, async () => {
      const hashes: string[] = [];
      for (const file of files) hashes.push(existsSync(file) ? await readSha256(file) : "missing");
      return hashes.join(" ");
    });
    return found === list.map(({ sha256 }) => sha256).join(" ");
  } catch (error) {
    if (error instanceof HarnessError) return false;
    throw error;
  }
}

async function waitForLock(path: string, id: string, { notice }: PullOptions): Promise<Lock> {
  for (let waited = false; ; waited = true) {
    try {
      return await acquireLock(path, { notice, what: "this download" });
    } catch (error) {
      if (!(error instanceof LockInUse)) throw error;
      if (!waited) notice(`${id}: another process is pulling it; waiting for that`);
      await delay(defaults.waitMs);
    }
  }
}

interface Expected {
  readonly sha256?: string;
  readonly bytes?: number;
  readonly trust: Trust;
}

async function fetchFile(item: PullItem, options: PullOptions): Promise<PullRecord> {
  const { file } = item;
  const { part } = pathsOf(options.home, file.id);
  const expected = expectedOf(file, await readPullRecord(options.home, file.id), options);
  const url = addressOf(file, options.mirror);
  const recordOf = async (found: Pick<PullRecord, "bytes" | "sha256" | "places" | "listSha256">) => {
    const pulledAt = new Date().toISOString();
    const acceptedLicence = file.terms === undefined ? undefined : file.licence;
    const record = { id: file.id, url: shownAddress(url), trust: expected.trust, pulledAt, acceptedLicence, ...found };
    await writeRecord(options.home, record);
    return record;
  };
  const unrecorded = await placedBefore(item, options.home, expected);
  if (unrecorded !== undefined) {
    await removePart(part);
    return recordOf(unrecorded);
  }
  const allowHttp = options.insecureHttp || expected.sha256 !== undefined;
  await download(
    { url, path: part, allowHttp, bytes: expected.bytes },
    { ...options, progress: (done, total) => options.progress("download", done, total) },
  );
  const sha256 = await readSha256(part);
  if (expected.sha256 !== undefined && sha256 !== expected.sha256) {
    await removePart(part);
    throw otherContent(url, { found: sha256, expected });
  }
  const bytes = await bytesOf(part);
  const { places, unpacked } = await place(item, part, {
    home: options.home,
    progress: (done, total) => options.progress("unpack", done, total),
  });
  await removePart(part);
  const listSha256 = unpacked && (await writeUnpackedList(options.home, file.id, unpacked));
  return recordOf({ bytes, sha256, places, listSha256 });
}

/**
 * Returns the file that lies in its place without a record, as where a pull was killed between the two; nothing where its hash
 * is not known.
 */
async function placedBefore(
  item: PullItem,
  home: string,
  { sha256 }: Expected,
): Promise<Pick<PullRecord, "bytes" | "sha256" | "places"> | undefined> {
  const path = pathOf(item);
  const file = join(home, path);
  if (item.file.archive !== undefined || sha256 === undefined || !existsSync(file)) return undefined;
  if ((await readSha256(file)) !== sha256) return undefined;
  const bytes = await bytesOf(file);
  return { bytes, sha256, places: [{ path, bytes }] };
}

/** Returns what the file must be: as the user says, else as the authors say, else as it came the first time. */
function expectedOf(file: PublishedFile, pinned: PullRecord | undefined, { sha256 }: PullOptions): Expected {
  if (sha256 !== undefined) return { sha256: sha256.toLowerCase(), trust: "given" };
  const { bytes } = file;
  if (file.sha256 !== undefined) return { sha256: file.sha256, bytes, trust: "published" };
  // A hash that the user once gave for a mirror of his own says nothing of the published file.
  if (pinned?.trust === "first download")
    return { sha256: pinned.sha256, bytes: pinned.bytes, trust: "first download" };
  return { bytes, trust: "first download" };
}

function otherContent(url: URL, { found, expected }: { found: string; expected: Expected }): HarnessError {
  const hints = {
    published:
      "the server, or someone on the way, has another file under this name; it is deleted. --mirror URL takes it from elsewhere",
    given: "it is deleted; is --sha256 of this very file?",
    "first download":
      "it was another file the first time; if its authors have replaced it, give the new hash by --sha256",
  };
  return new HarnessError(`${shownAddress(url)}: the file is not what it must be`, {
    found: `sha256 ${found}`,
    expected: expected.sha256,
    hint: hints[expected.trust],
  });
}

function addressOf(file: PublishedFile, mirror: string | undefined): URL {
  if (mirror === undefined) return new URL(file.url);
  if (!URL.canParse(mirror))
    throw new HarnessError("--mirror: not a web address", {
      found: withoutLogins(mirror),
      expected: "https://HOST/FOLDER",
    });
  return new URL(nameOf(file), mirror.endsWith("/") ? mirror : `${mirror}/`);
}
