import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { HarnessError } from "../errors.ts";
import { checked, parseJson } from "../foreign.ts";
import { errorCode, onDisk, replaceFile } from "../store/disk/disk.ts";
import type { ClusterJob } from "./job.ts";
import { type SlurmScript, sbatchArguments } from "./slurm.ts";

/** A submitted job is stored in `<results>/slurm/job.json` for `bench slurm status`. */
export interface SubmittedJob {
  readonly shards: number;
  /** Maps a script's name to its job id. */
  readonly ids: Readonly<Record<string, string>>;
}

const submittedJob = z.object({
  shards: z.int(),
  ids: z.record(z.string(), z.string()),
}) satisfies z.ZodType<SubmittedJob>;

export const slurmFolder = (results: string) => join(results, "slurm");
const recordFile = (results: string) => join(slurmFolder(results), "job.json");

/** Writes the scripts and gives them to sbatch, each with the ids of those before it. */
export async function submit(
  { results, shards }: ClusterJob,
  scripts: readonly SlurmScript[],
  options: readonly string[],
): Promise<SubmittedJob> {
  const folder = slurmFolder(results);
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  const ids = new Map<string, string>();
  for (const each of scripts) {
    const file = join(folder, `${each.name}.sh`);
    await onDisk(file, () => writeFile(file, each.text, { mode: 0o755 }));
    const { output } = await call("sbatch", sbatchArguments(each, file, { ids, options }));
    // `id;cluster` on a federation.
    const id = /^(\d+)(;|$)/.exec(output.trim())?.[1];
    if (id === undefined) throw new HarnessError("sbatch: gave no job id", { found: output.trim().slice(0, 200) });
    ids.set(each.name, id);
    // Written after each, so that a refusal half-way leaves a record of what is queued.
    await replaceFile(recordFile(results), `${JSON.stringify({ shards, ids: Object.fromEntries(ids) })}\n`);
  }
  return { shards, ids: Object.fromEntries(ids) };
}

/** Returns the job that was submitted. Throws HarnessError where nothing was submitted into this results folder. */
export async function readSubmitted(results: string): Promise<SubmittedJob> {
  const file = recordFile(results);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") throw error;
    throw new HarnessError(`${results}: nothing was submitted here`, { hint: "bench slurm --results DIR submits" });
  });
  return checked(submittedJob, parseJson(text, file), file);
}

/**
 * Returns the queue's own words by job id: `PENDING (Dependency)`; for an array, each state with its number. Empty when all have
 * ended.
 */
export async function queueStates(ids: readonly string[]): Promise<ReadonlyMap<string, string> | undefined> {
  const { output } = await call("squeue", ["--noheader", "--array", "--format=%F %T %r"]).catch(() => ({
    output: undefined,
  }));
  if (output === undefined) return undefined;
  const counts = new Map<string, Map<string, number>>();
  for (const line of output.split("\n")) {
    const [id, state, ...reason] = line.trim().split(" ");
    if (id === undefined || state === undefined || !ids.includes(id)) continue;
    const text = reason.length === 0 || reason[0] === "None" ? state : `${state} (${reason.join(" ")})`;
    const states = counts.get(id) ?? new Map<string, number>();
    counts.set(id, states.set(text, (states.get(text) ?? 0) + 1));
  }
  return new Map(
    [...counts].map(([id, states]) => [
      id,
      [...states].map(([text, n]) => (n === 1 ? text : `${n} ${text}`)).join(", "),
    ]),
  );
}

/** Runs a program. Throws HarnessError with what the program said. */
function call(program: string, args: readonly string[]): Promise<{ readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    const said = { output: "", problem: "" };
    child.stdout.on("data", (chunk) => {
      said.output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      said.problem += chunk;
    });
    child.on("error", (error) => reject(refused(program, errorCode(error) ?? error.message)));
    child.on("close", (code) => (code === 0 ? resolve(said) : reject(refused(program, said.problem.trim()))));
  });
}

function refused(program: string, found: string): HarnessError {
  return new HarnessError(`${program}: refused`, {
    found: found.replace(/\s+/g, " "),
    hint:
      found === "ENOENT"
        ? "run it where SLURM's commands are; --dry-run prints the scripts"
        : "options behind -- are sbatch's own",
  });
}
