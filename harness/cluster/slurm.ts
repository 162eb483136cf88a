import { join } from "node:path";
import { type ClusterJob, latencyCommand, mergeCommand, outFolders, shardCommand, word } from "./job.ts";

/** Array jobs, dependencies, requeues and their variables follow man sbatch and man scontrol. */

const defaults = {
  /** A task that is killed more often than this has trouble with its machine or its variant, and is given up. */
  requeues: 3,
};

export interface SlurmScript {
  readonly name: string;
  readonly text: string;
  /** Names of the scripts that come before this one. */
  readonly after: readonly string[];
}

/**
 * Returns the scripts: the array of shards, the latency of each node type, and the merge that makes a table of both. Logs go to
 * `folder`.
 */
export function slurmScripts(job: ClusterJob, folder: string): readonly SlurmScript[] {
  const outs = outFolders(job);
  const log = (name: string) => join(folder, `${name}.log`);
  const shards: SlurmScript = {
    name: "shards",
    after: [],
    text: script(job, {
      directives: [`--array=1-${job.shards}`, "--requeue", "--open-mode=append", `--output=${log("shards-%a")}`],
      name: "sam-bench-shards",
      body: [
        `${shardCommand(job, "$SLURM_ARRAY_TASK_ID")} || code=$?`,
        "# Killed, not failed: what is finished is on disk, and the same task goes on from there.",
        `if [ "\${code:-0}" -gt 128 ] && [ "\${SLURM_RESTART_COUNT:-0}" -lt ${defaults.requeues} ]; then`,
        `  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"`,
        "fi",
        `exit "\${code:-0}"`,
      ],
    }),
  };
  const latencies = outs.map(({ nodeType, folder: out }): SlurmScript => {
    const name = nodeType === undefined ? "latency" : `latency-${nodeType}`;
    const constraint = nodeType === undefined ? [] : [`--constraint=${nodeType}`];
    return {
      name,
      after: ["shards"],
      text: script(job, {
        // Nobody else's work on the node while time is taken.
        directives: ["--exclusive", "--requeue", ...constraint, "--open-mode=append", `--output=${log(name)}`],
        name: `sam-bench-${name}`,
        body: [latencyCommand(job, out)],
      }),
    };
  });
  const merge: SlurmScript = {
    name: "merge",
    after: ["shards", ...latencies.map(({ name }) => name)],
    text: script(job, {
      directives: [`--output=${log("merge")}`],
      name: "sam-bench-merge",
      body: outs.map(({ folder: out }) => mergeCommand(job, out)),
    }),
  };
  return [shards, ...latencies, merge];
}

interface Script {
  readonly directives: readonly string[];
  readonly name: string;
  readonly body: readonly string[];
}

function script({ threads, home }: ClusterJob, { directives, name, body }: Script): string {
  const all = [`--job-name=${name}`, `--cpus-per-task=${threads}`, ...directives];
  return [
    "#!/bin/bash",
    ...all.map((directive) => `#SBATCH ${directive}`),
    "set -euo pipefail",
    `export SAM_BENCH_HOME=${word(home)}`,
    ...body,
    "",
  ].join("\n");
}

/**
 * Returns the arguments of sbatch, with the `ids` of the scripts before this one. The merge names a shard that failed, so every
 * script may run.
 */
export function sbatchArguments(
  { after }: SlurmScript,
  file: string,
  { ids, options }: { readonly ids: ReadonlyMap<string, string>; readonly options: readonly string[] },
): readonly string[] {
  const before = after.map((name) => ids.get(name) ?? `<${name}>`);
  const dependency = before.length === 0 ? [] : [`--dependency=afterany:${before.join(":")}`];
  return ["--parsable", ...dependency, ...options, file];
}

/** Returns the cores that a job asks for among options of sbatch; nothing where none of them says so. */
export function cpusPerTask(options: readonly string[]): number | undefined {
  const text = options
    .map((option) => /^--cpus-per-task=(\d+)$/.exec(option)?.[1])
    .find((found) => found !== undefined);
  return text === undefined ? undefined : Number(text);
}
