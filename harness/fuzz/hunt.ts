import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Batch, Told } from "./child.ts";
import type { Parser } from "./parser.ts";

const defaults = {
  /** A case that takes longer than this hangs. */
  patienceMs: 20_000,
  /** A child tries this many cases at most: a leak of native memory must not add up over hours. */
  casesAChild: 20_000,
};

const ownParsers = new URL("parsers.ts", import.meta.url).href;

/** An input that did harm: an error that is not a refusal, a death, or no answer. */
interface Harm {
  readonly index: number;
  readonly what: string;
}

export interface Hunt {
  readonly cases: number;
  readonly read: number;
  readonly refused: number;
  readonly harms: readonly Harm[];
}

interface HuntOptions {
  readonly seed: number;
  readonly cases: number;
  /** No case begins after this time. */
  readonly untilMs?: number;
  readonly patienceMs?: number;
  /** URL of the module that has the parser; it is this project's own list if left out. */
  readonly module?: string;
  progress?(done: number): void;
}

/** Tries cases 0 … `cases` - 1 in child processes. A child that dies or hangs is replaced by one that begins after its case. */
export async function hunt(parser: Parser, options: HuntOptions): Promise<Hunt> {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-fuzz-"));
  const total = { cases: 0, read: 0, refused: 0 };
  const harms: Harm[] = [];
  try {
    while (total.cases < options.cases && !(options.untilMs !== undefined && Date.now() >= options.untilMs)) {
      const from = total.cases;
      const to = Math.min(options.cases, from + defaults.casesAChild);
      const { seed, module = ownParsers } = options;
      const batch = { module, parser: parser.id, seed, from, to, folder, untilMs: options.untilMs };
      const outcome = await runChild(batch, options.patienceMs ?? defaults.patienceMs);
      harms.push(...outcome.harms);
      total.cases = outcome.next;
      total.read += outcome.read;
      total.refused += outcome.refused;
      options.progress?.(total.cases);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { ...total, harms };
}

interface Outcome {
  readonly next: number;
  readonly read: number;
  readonly refused: number;
  readonly harms: readonly Harm[];
}

function runChild(batch: Batch, patienceMs: number): Promise<Outcome> {
  const child = fork(fileURLToPath(new URL("child.mjs", import.meta.url)), {
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const harms: Harm[] = [];
  let ended = undefined as Extract<Told, { say: "end" }> | undefined;
  let complaint = "";
  let hung = false;
  let last = -1;
  const watch = setInterval(() => {
    const now = caseUnderWay(batch.folder);
    // Until a child begins its first case, the number is that of the child before it.
    if (now === last && now !== undefined && now >= batch.from) {
      hung = true;
      child.kill("SIGKILL");
    }
    last = now ?? -1;
  }, patienceMs);
  child.stderr?.on("data", (text: Buffer) => {
    complaint = `${complaint}${text}`.slice(-2000);
  });
  child.on("message", (told: Told) => {
    if (told.say === "harm") harms.push({ index: told.index, what: told.what });
    else {
      ended = told;
      child.disconnect();
    }
  });
  child.send(batch);
  return new Promise((resolve, reject) => {
    child.once("exit", (code, signal) => {
      clearInterval(watch);
      if (ended !== undefined) {
        resolve({ next: ended.next, read: ended.read, refused: ended.refused, harms });
        return;
      }
      const index = caseUnderWay(batch.folder);
      if (index === undefined || index < batch.from) {
        reject(new Error(`the child ended before its first case (${signal ?? code}): ${complaint}`));
        return;
      }
      const what = hung
        ? `no answer in ${patienceMs} ms`
        : `the process ended (${signal ?? `exit code ${code}`}) ${complaint}`;
      // What a child had counted before its death is lost; its cases are not.
      resolve({ next: index + 1, read: 0, refused: 0, harms: [...harms, { index, what }] });
    });
  });
}

function caseUnderWay(folder: string): number | undefined {
  try {
    const bytes = readFileSync(join(folder, "current"));
    return bytes.length === 8 ? Number(bytes.readBigUInt64LE()) : undefined;
  } catch {
    return undefined;
  }
}
