import { randomUUID } from "node:crypto";
import { type FileHandle, open, readFile, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { HarnessError } from "../../errors.ts";
import { sha256 } from "../canonical.ts";
import { errorCode, onDisk } from "./disk.ts";
import { alive, type Holder, ownProcess, parseHolder } from "./holder.ts";

type Self = Omit<Holder, "inode" | "beat">;

const defaults = {
  what: "this run",
  /**
   * A holder shows that it lives every `beatMs`. A process on another machine looks every `pollMs`, for `watchMs`. All are ms.
   */
  beatMs: 5_000,
  watchMs: 30_000,
  pollMs: 250,
  /**
   * A taker looks every `claimPollMs` whether another has cleared a dead holder's file. A claim older than `claimMs` is dead,
   * ms.
   */
  claimPollMs: 20,
  claimMs: 10_000,
};

export interface LockOptions {
  readonly beatMs?: number;
  readonly watchMs?: number;
  /** Age at which another taker's claim to clear a dead holder's file is itself taken for dead, ms. */
  readonly claimMs?: number;
  /** A word for what is locked, in messages. */
  readonly what?: string;
  /** Is told why nothing happens for a while. */
  readonly notice?: (text: string) => void;
  /** Name of another machine; tests set it. */
  readonly machine?: string;
}

/** A lock lets one process at a time write a run. */
export interface Lock {
  /** Throws HarnessError if another process took the lock, as it may after this one slept through its watch. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes the lock by creating its file, which only one process can. A holder of this machine is asked for by pid and start
 * time; if it is dead, its lock is taken over. A holder on another machine cannot be asked for: its file is watched, and taken
 * over when it does not beat. No clocks are compared. Throws HarnessError naming the pid when the holder lives.
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<Lock> {
  const self: Self = { ...ownProcess(options.machine), token: randomUUID() };
  const claims: Claims = new Map();
  for (;;) {
    const file = await create(path);
    if (file !== undefined) return hold(path, file, self, options);
    const found = await readText(path);
    if (found !== undefined && (await abandoned(path, found, self, options)))
      await clear(path, found, { claims, claimMs: options.claimMs ?? defaults.claimMs });
  }
}

async function create(path: string): Promise<FileHandle | undefined> {
  return onDisk(path, () =>
    open(path, "wx").catch((error: unknown) => {
      if (errorCode(error) === "EEXIST") return undefined;
      throw error;
    }),
  );
}

async function hold(path: string, file: FileHandle, self: Self, options: LockOptions): Promise<Lock> {
  const { beatMs = defaults.beatMs, what = defaults.what } = options;
  const inode = await inodeOf(file);
  const write = async (beat: number) => {
    // Always the same length, so that no beat leaves a piece of an older one.
    const holder: Holder = { ...self, inode, beat: 1e9 + beat };
    await file.write(JSON.stringify(holder), 0);
  };
  await onDisk(path, () => write(0)).catch(async (error: unknown) => {
    await file.close();
    await rm(path, { force: true });
    throw error;
  });
  let beat = 0;
  let writing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    // A beat that fails is missed: whoever takes over then is found by assertHeld.
    writing = writing.then(() => write(++beat)).catch(() => undefined);
  }, beatMs).unref();
  const held = async () => parseHolder((await readText(path)) ?? "")?.token === self.token;
  return {
    async assertHeld() {
      if (await held()) return;
      throw new HarnessError(`${path}: another process has taken over ${what}`, {
        hint: "it looked dead from there (a sleeping machine, a stopped process); run the same command again later",
      });
    },
    async release() {
      clearInterval(timer);
      await writing;
      await file.close();
      if (await held()) await rm(path, { force: true });
    },
  };
}

/**
 * Returns true where the holder is dead and false where the file has changed, so that the caller looks again. Throws where the
 * holder lives.
 */
async function abandoned(path: string, found: string, self: Self, options: LockOptions): Promise<boolean> {
  const holder = parseHolder(found);
  if (holder !== undefined && (await isCopy(path, holder))) return true;
  if (holder?.machine === self.machine) {
    if (!alive(holder)) return true;
    throw new LockInUse(path, `pid ${holder.pid}`, options);
  }
  const watchMs = options.watchMs ?? defaults.watchMs;
  let noticed = false;
  for (let waited = 0; waited < watchMs; waited += defaults.pollMs) {
    await delay(defaults.pollMs);
    const now = await readText(path);
    if (now !== found) {
      const living = now === undefined ? undefined : parseHolder(now);
      if (holder !== undefined && living?.token === holder.token)
        throw new LockInUse(path, `pid ${holder.pid} on another machine`, options);
      return false;
    }
    if (!noticed)
      options.notice?.(`${path}: held from another machine; watching for ${watchMs / 1000} s whether it lives`);
    noticed = true;
  }
  return true;
}

/**
 * The time when this taker first saw a claim, on a clock that only goes forward. A file's own time comes from the wall clock:
 * after a jump, a claim of a dead process would look young for ever, and a living process's claim would look old.
 */
type Claims = Map<string, number>;

interface Clearing {
  readonly claims: Claims;
  readonly claimMs: number;
}

/**
 * Removes a dead holder's file, if it is still the one that was found. Whoever makes the claim file does so alone: without it
 * a slow taker could remove the file of a faster one, and a third take its place.
 */
async function clear(path: string, found: string, { claims, claimMs }: Clearing): Promise<void> {
  const claim = `${path}.${sha256(found).slice(0, 12)}.claim`;
  const file = await create(claim);
  if (file === undefined) {
    await delay(defaults.claimPollMs);
    const since = claims.get(claim) ?? performance.now();
    claims.set(claim, since);
    if (performance.now() - since <= claimMs) return;
    await rm(claim, { force: true });
    claims.delete(claim);
    return;
  }
  try {
    if ((await readText(path)) === found) await onDisk(path, () => rm(path, { force: true }));
  } finally {
    await file.close();
    await rm(claim, { force: true });
  }
}

/** Another process holds the lock, and this process lives. */
export class LockInUse extends HarnessError {
  constructor(path: string, found: string, { what = defaults.what }: LockOptions) {
    super(`${path}: another process is writing ${what}`, {
      found,
      hint: "wait until it is done, stop it, or give another folder with --results",
    });
  }
}

async function inodeOf(file: FileHandle): Promise<string> {
  return String((await file.stat({ bigint: true })).ino);
}

async function isCopy(path: string, { inode }: Holder): Promise<boolean> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return false;
  try {
    return (await inodeOf(file)) !== inode;
  } finally {
    await file.close();
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
