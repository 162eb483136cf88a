import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { refuseIrregular } from "../../files.ts";
import { sha256 } from "../canonical.ts";

/**
 * A file of sealed lines is a cache that lies where others can write: each line has a name, the state of what it was made of,
 * a text, and the hash of all of these and of the file's key. A line that was changed, cut off, or taken from the file of
 * another key is none.
 */

export interface SealedLine {
  /** State of what the text was made of; whoever reads the line compares it with the state as it is. */
  readonly state: string;
  /** One line, such as JSON. */
  readonly text: string;
}

const defaults = {
  /** As many files of one kind are left beside one another: each key has its own. */
  kept: 4,
  /** A file that a killed process left half written is deleted after so many days. */
  halfDays: 1,
};

/** Returns the whole lines by name. Nothing where the file is not there, can not be read, or holds none. */
export async function readSealed(file: string, key: string): Promise<ReadonlyMap<string, SealedLine>> {
  const lines = new Map<string, SealedLine>();
  for (const line of (await textOf(file)).split("\n")) {
    const [hash, name, state, text, ...rest] = line.split("\t");
    if (name === undefined || state === undefined || text === undefined || rest.length > 0) continue;
    if (hash === sealOf(key, name, { state, text })) lines.set(name, { state, text });
  }
  return lines;
}

/**
 * Writes the lines as a whole file, and deletes files of the same kind that were not written for long: those whose names begin
 * as this one's does, up to the first dash. A cache that can not be written is no error.
 */
export async function writeSealed(file: string, key: string, lines: ReadonlyMap<string, SealedLine>): Promise<void> {
  const half = `${file}.${randomUUID()}.half`;
  const text = [...lines].map(([name, line]) => [sealOf(key, name, line), name, line.state, line.text].join("\t"));
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(half, text.map((line) => `${line}\n`).join(""));
    await rename(half, file);
    await sweep(dirname(file), basename(file));
  } catch {
    await rm(half, { force: true }).catch(() => undefined);
  }
}

function sealOf(key: string, name: string, { state, text }: SealedLine): string {
  return sha256([key, name, state, text].join("\t"));
}

async function textOf(file: string): Promise<string> {
  try {
    refuseIrregular(file);
    return await readFile(file, "utf8");
  } catch {
    return "";
  }
}

async function sweep(folder: string, written: string): Promise<void> {
  const kind = written.slice(0, written.indexOf("-") + 1);
  const names = (await readdir(folder)).filter((name) => name.startsWith(kind));
  const files = await Promise.all(names.map(async (name) => ({ name, ms: (await stat(join(folder, name))).mtimeMs })));
  const half = files.filter(({ name }) => name.endsWith(".half"));
  const oldMs = Date.now() - defaults.halfDays * 86_400_000;
  const whole = files.filter((each) => !half.includes(each)).sort((a, b) => b.ms - a.ms);
  for (const { name } of [...half.filter(({ ms }) => ms < oldMs), ...whole.slice(defaults.kept)])
    await rm(join(folder, name), { force: true });
}
