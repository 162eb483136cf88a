import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { HarnessError } from "../../errors.ts";
import { checked, parseJson } from "../../foreign.ts";
import { largest } from "../../stats/summary.ts";

const usageAtExit = fileURLToPath(new URL("usageAtExit.cjs", import.meta.url));

const defaults = {
  /** Characters of a failed call's notes that the error shows, from the last backwards. */
  notesShown: 300,
};

/** A call of Node in a process of its own. */
export interface NodeCall {
  /** Name of the call in errors. */
  readonly name: string;
  /** Options of Node, the program and its arguments. */
  readonly words: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The process is ended when the signal is given. */
  readonly signal?: AbortSignal;
}

/** Says what a call took and what it printed. */
export interface TimedCall {
  /** Time from its start to its end. */
  readonly wallMs: number;
  /** Time of the processor, that of all its processes but those that were killed. */
  readonly cpuMs: number;
  /** Peak of the largest of its processes. */
  readonly peakBytes: number;
  readonly out: string;
}

const usage = z.object({ cpuUs: z.number(), peakBytes: z.number() });

/** Waits for the end of a call and returns what it took. Throws HarnessError where it fails, and AbortError where it is ended. */
export async function timedCall(call: NodeCall): Promise<TimedCall> {
  const folder = await mkdtemp(join(tmpdir(), "sam-bench-call-"));
  const file = join(folder, "usage.jsonl");
  try {
    const { wallMs, out } = await ended(call, file);
    const lines = readFileSync(file, "utf8").trim().split("\n");
    const used = lines.map((line) => checked(usage, parseJson(line, file), file));
    return {
      wallMs,
      cpuMs: used.reduce((sum, { cpuUs }) => sum + cpuUs, 0) / 1000,
      peakBytes: largest(used.map(({ peakBytes }) => peakBytes)),
      out,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function ended({ name, words, environment, signal }: NodeCall, file: string) {
  const begun = performance.now();
  const child = spawn(process.execPath, words, {
    env: { ...process.env, ...environment, NODE_OPTIONS: nodeOptions(), SAM_BENCH_USAGE: file },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  const out = textOf(child.stdout);
  const notes = textOf(child.stderr);
  return new Promise<Pick<TimedCall, "wallMs" | "out">>((resolve, reject) => {
    let wallMs = 0;
    child.once("error", reject);
    child.once("exit", () => {
      wallMs = performance.now() - begun;
    });
    child.once("close", (code, killedBy) => {
      if (code === 0) return resolve({ wallMs, out: out() });
      const found = notes().trim().slice(-defaults.notesShown);
      reject(new HarnessError(`${name}: ended with ${killedBy ?? `exit code ${code}`}`, { found }));
    });
  });
}

/** Returns the options of Node with the file that reports what a process used: child processes have them too. */
function nodeOptions(): string {
  const { NODE_OPTIONS: given = "" } = process.env;
  return `${given} --require ${JSON.stringify(usageAtExit)}`.trim();
}

function textOf(stream: Readable): () => string {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}
