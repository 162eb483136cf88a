import { statSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError } from "../errors.ts";
import { refuseIrregular } from "../files.ts";
import { canonicalJson, sha256 } from "../store/canonical.ts";
import { errorCode, onDisk, replaceFile } from "../store/disk/disk.ts";
import { rowName } from "../store/rowName.ts";
import { type PublishedRecord, parseRecord } from "./record.ts";

/**
 * Bytes of a result; SECURITY.md names it. It is not in limits.ts, because the code of rows imports that file: every run would have
 * another id.
 */
export const mostBytes = 1_048_576;

/** Number of hexadecimal digits of a name: nobody finds another content with the same. */
const nameDigits = 32;
const namePattern = new RegExp(`^[0-9a-f]{${nameDigits}}\\.json$`);

/** A list of the results, for pages that can not list a folder. It is made of them, and no command reads it. */
export const indexName = "index.json";

/** A result in its folder. */
export interface PublishedFile {
  /** Name of the file without its folder: the beginning of the hash of its bytes. */
  readonly name: string;
  readonly record: PublishedRecord;
}

/** Returns the bytes of a record's file and the name that follows from them. */
export function fileOf(record: PublishedRecord): { readonly name: string; readonly text: string } {
  const text = `${canonicalJson(record)}\n`;
  return { name: `${sha256(text).slice(0, nameDigits)}.json`, text };
}

/** Returns what names a measurement: two results of one measurement have the same. */
export function measurementOf({ run }: PublishedRecord): string {
  return canonicalJson(run);
}

/** Writes a record into the folder, which is made where it is missing. The same record is the same file. */
export async function writeRecord(folder: string, record: PublishedRecord): Promise<string> {
  const { name, text } = fileOf(record);
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  await replaceFile(join(folder, name), text);
  return name;
}

/**
 * Reads every result of a folder, in the order of their names; `notice` is told of each file that is none, and why. A folder that
 * is not there holds none. Throws HarnessError for one that can not be read.
 */
export async function readPublished(folder: string, notice: (text: string) => void): Promise<readonly PublishedFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw new HarnessError(`${folder}: can not be read`, { found: errorCode(error), cause: error });
  });
  const found: PublishedFile[] = [];
  for (const name of names.filter((each) => each.endsWith(".json") && each !== indexName).sort()) {
    try {
      found.push({ name, record: await readRecord(folder, name) });
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      notice(`left out: ${error.message}`);
    }
  }
  return found;
}

async function readRecord(folder: string, name: string): Promise<PublishedRecord> {
  const file = join(folder, name);
  if (!namePattern.test(name))
    throw new HarnessError(`${file}: is not named as a result`, { expected: `${nameDigits} hexadecimal digits` });
  refuseIrregular(file);
  const { size } = statSync(file);
  if (size > mostBytes)
    throw new HarnessError(`${file}: is too large for a result`, {
      found: `${size} bytes`,
      expected: `at most ${mostBytes}`,
    });
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new HarnessError(`${file}: can not be read`, { found: cause.code, cause });
  });
  const hash = sha256(bytes);
  if (!hash.startsWith(name.slice(0, nameDigits)))
    throw new HarnessError(`${file}: is not what was published under this name`, {
      found: `sha256 ${hash}`,
      expected: `one that begins with ${name.slice(0, nameDigits)}`,
      hint: "restore the file, or delete it and publish the run again",
    });
  return parseRecord(bytes.toString("utf8"), file);
}

/** Writes the list of a folder's results, by variant and date, and returns how many it names. */
export async function writeIndex(folder: string, notice: (text: string) => void): Promise<number> {
  const results = (await readPublished(folder, notice)).map(({ name, record }) => ({
    file: name,
    variant: rowName(record),
    dataset: record.data.id,
    commit: record.commit,
    createdAt: record.run.createdAt,
    figures: Object.fromEntries(
      Object.entries(record.prompts).map(([prompts, { protocol, figures }]) => [prompts, { protocol, ...figures }]),
    ),
  }));
  results.sort((a, b) => (`${a.variant} ${a.createdAt} ${a.file}` < `${b.variant} ${b.createdAt} ${b.file}` ? -1 : 1));
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  const lines = results.map((each) => canonicalJson(each)).join(",\n");
  await replaceFile(join(folder, indexName), `{"schema":1,"results":[\n${lines}\n]}\n`);
  return results.length;
}
