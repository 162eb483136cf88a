import { join } from "node:path";

/** A run that is divided among many machines; each engine is told this in its own words. */
export interface ClusterJob {
  /** The words that start sam-bench, and the run's own arguments without those that divide it. */
  readonly command: readonly string[];
  readonly run: readonly string[];
  readonly shards: number;
  readonly threads: number;
  /** The folder for whole runs; shards lie below it. */
  readonly results: string;
  readonly home: string;
  /** The folder that a merge reads annotations from, where figures need them. */
  readonly data?: string;
  /** Modules whose protocols and metrics a merge has to know. */
  readonly plugins?: readonly string[];
  /** Kinds of node that latency is measured on, each with a table of its own; if there is none, a job runs on any node. */
  readonly nodeTypes: readonly string[];
}

export const shardsFolder = ({ results }: Pick<ClusterJob, "results">) => join(results, "shards");

/** Returns the results folder of each node type: latencies of two kinds of machine never belong to one run. */
export function outFolders({ results, nodeTypes }: ClusterJob): readonly { nodeType?: string; folder: string }[] {
  if (nodeTypes.length === 0) return [{ folder: results }];
  return nodeTypes.map((nodeType) => ({ nodeType, folder: join(results, "nodes", nodeType) }));
}

/** Returns the command of one shard; `index` is a word of the shell that expands to 1 … shards. */
export function shardCommand(job: ClusterJob, index: string): string {
  const fixed = [...job.command, "run", ...job.run, "--threads", String(job.threads), "--phase", "accuracy"];
  return `${words(fixed)} --shard "${index}/${job.shards}" --results ${word(shardsFolder(job))}`;
}

export function latencyCommand(job: ClusterJob, folder: string): string {
  const fixed = [...job.command, "run", ...job.run, "--threads", String(job.threads), "--phase", "latency"];
  return words([...fixed, "--results", folder]);
}

/** Returns the command that merges the shards and prints the table. */
export function mergeCommand(job: ClusterJob, folder: string): string {
  const data = job.data === undefined ? [] : ["--data", job.data];
  const plugins = (job.plugins ?? []).flatMap((plugin) => ["--plugin", plugin]);
  return words([...job.command, "merge", shardsFolder(job), "--out", folder, ...data, ...plugins]);
}

/** Returns a word as a shell reads it back. */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function words(all: readonly string[]): string {
  return all.map(word).join(" ");
}
