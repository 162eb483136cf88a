import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, type Stats, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { homeFolder } from "../../home.ts";
import { sha256 } from "../../store/canonical.ts";
import { projectRoot } from "./projectRoot.ts";
import { specifiersOf } from "./specifiers.ts";

/**
 * The cache of what follows from the bytes of source files: `$SAM_BENCH_HOME/code/`. A run's identity covers hundreds of files,
 * and most are as they were when the last run began. What is stored of a file holds as long as its inode, size and times do.
 */

const defaults = {
  /** A file that changed so short a time ago may change again without a change of its times, ms. */
  settleMs: 100,
};

/** What follows from the bytes of one file. */
export interface CodeFacts {
  readonly sha256: string;
  /** What the file imports, as it is written there; nothing for a file that is no code. */
  readonly specifiers: readonly string[];
}

interface StoredFacts extends CodeFacts {
  /** The file's inode, size and times when it was read. */
  readonly stamp: string;
}

/** Facts of files, by path. */
export class CodeCache {
  readonly #place: string;
  readonly #known: Map<string, StoredFacts>;
  #isStored = true;

  /** Opens the cache that is stored in the file `place`; an empty one where there is none, or it is not what was written. */
  constructor(place: string) {
    this.#place = place;
    this.#known = readStored(place);
  }

  /** Returns the facts of a file, which is read where it is not what it was. */
  factsOf(file: string): CodeFacts {
    const stats = statSync(file);
    const stamp = stampOf(stats);
    const known = this.#known.get(file);
    if (known?.stamp === stamp) return known;
    const facts = readFacts(file);
    if (Date.now() - stats.ctimeMs < defaults.settleMs) return facts;
    this.#known.set(file, { stamp, ...facts });
    this.#isStored = false;
    return facts;
  }

  /** Writes what is new. A cache that can not be written costs another reading, and is no error. */
  store(): void {
    if (this.#isStored) return;
    this.#isStored = true;
    const beside = `${this.#place}.${randomUUID()}`;
    try {
      mkdirSync(dirname(this.#place), { recursive: true });
      writeFileSync(beside, storedText(this.#known));
      renameSync(beside, this.#place);
    } catch {
      // As said above.
    }
  }
}

const caches = new Map<string, CodeCache>();

/** Returns the cache of this copy of the project in the present home folder. */
export function codeCache(): CodeCache {
  const place = join(homeFolder(), "code", `${sha256(projectRoot).slice(0, 12)}.json`);
  const known = caches.get(place) ?? new CodeCache(place);
  caches.set(place, known);
  return known;
}

function readFacts(file: string): CodeFacts {
  const bytes = readFileSync(file);
  const isCode = /\.[cm]?[jt]sx?$/.test(file);
  return { sha256: sha256(bytes), specifiers: isCode ? specifiersOf(bytes.toString("utf8")) : [] };
}

/** Writes facts with the code that finds specifiers, since other code may find others, and with a hash of all of it. */
function storedText(known: ReadonlyMap<string, StoredFacts>): string {
  const body = JSON.stringify({ rules: rulesHash(), files: Object.fromEntries(known) });
  return `${sha256(body)}\n${body}`;
}

function readStored(place: string): Map<string, StoredFacts> {
  try {
    const text = readFileSync(place, "utf8");
    const end = text.indexOf("\n");
    const body = text.slice(end + 1);
    if (text.slice(0, end) !== sha256(body)) return new Map();
    const { rules, files } = JSON.parse(body) as { rules: string; files: Record<string, StoredFacts> };
    return new Map(rules === rulesHash() ? Object.entries(files) : []);
  } catch {
    // There is none yet.
    return new Map();
  }
}

function rulesHash(): string {
  return sha256(readFileSync(fileURLToPath(new URL("specifiers.ts", import.meta.url))));
}

/** Returns a text that changes whenever the file is another one or was written to: no program can set ctime back. */
function stampOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(":");
}
