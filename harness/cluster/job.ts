import { join } from "node:path";

/** A run divided among many machines: what every engine is told, in its own words. */
export interface ClusterJob {
  /** The program and the run's own arguments, without those that divide it. */
  readonly command: readonly string[];
  readonly run: readonly string[];
  readonly shards: number;
  readonly threads: number;
  /** Where whole runs end up; shards are kept below it. */
  readonly results: string;
  readonly home: string;
  /** What a merge reads annotations from, where figures need them. */
  readonly data?: string;
  /** Modules that a merge has to know as well: their protocols and metrics. */
  readonly plugins?: readonly string[];
  /** Kinds of node that latency is measured on, each a table of its own; none: wherever a job lands. */
  readonly nodeTypes: readonly string[];
}

export const shardsFolder = ({ results }: Pick<ClusterJob, "results">) => join(results, "shards");

/** Results folder by node type: latencies of two kinds of machine are never one run's. */
export function outFolders({ results, nodeTypes }: ClusterJob): readonly { nodeType?: string; folder: string }[] {
  if (nodeTypes.length === 0) return [{ folder: results }];
  return nodeTypes.map((nodeType) => ({ nodeType, folder: join(results, "nodes", nodeType) }));
}

/** `index` is a word of the shell that expands to 1 … shards. */
export function shardCommand(job: ClusterJob, index: string): string {
  const fixed = [...job.command, "run", ...job.run, "--threads", String(job.threads), "--phase", "accuracy"];
  return `${words(fixed)} --shard "${index}/${job.shards}" --results ${word(shardsFolder(job))}`;
}

export function latencyCommand(job: ClusterJob, folder: string): string {
  const fixed = [...job.command, "run", ...job.run, "--threads", String(job.threads), "--phase", "latency"];
  return words([...fixed, "--results", folder]);
}

/** Prints the table of what it made. */
export function mergeCommand(job: ClusterJob, folder: string): string {
  const data = job.data === undefined ? [] : ["--data", job.data];
  const plugins = (job.plugins ?? []).flatMap((plugin) => ["--plugin", plugin]);
  return words([...job.command, "merge", shardsFolder(job), "--out", folder, ...data, ...plugins]);
}

/** A word as a shell reads it back. */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export function words(all: readonly string[]): string {
  return all.map(word).join(" ");
}
