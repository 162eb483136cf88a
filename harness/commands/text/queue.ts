import { type SlurmScript, sbatchArguments } from "../../cluster/slurm.ts";
import type { SubmittedJob } from "../../cluster/submit.ts";
import type { ShardProgress } from "../../results/shardProgress.ts";
import { plainTable } from "./plainTable.ts";

/** Writes what `bench slurm status` prints: each job with the queue's own words, then how far each shard is. */
export function queueText(
  { ids, shards: count }: SubmittedJob,
  queue: ReadonlyMap<string, string> | undefined,
  shards: readonly ShardProgress[],
): string {
  const absent = queue === undefined ? "unknown" : "ended";
  const jobs = Object.entries(ids).map(([name, id]) => [name, id, queue?.get(id) ?? absent]);
  const rows = shards.map(({ variant, index, done, images, state }) => [
    variant,
    `${index ?? "?"}/${count}`,
    `${done}/${images}`,
    state,
  ]);
  return [plainTable(["job", "id", "state"], jobs), plainTable(["variant", "shard", "images", "state"], rows)].join(
    "\n\n",
  );
}

/** Writes a script as `bench slurm --dry-run` prints it: below the call of sbatch that would submit it. */
export function scriptText(script: SlurmScript, options: readonly string[]): string {
  const call = sbatchArguments(script, `${script.name}.sh`, { ids: new Map(), options });
  return `# sbatch ${call.join(" ")}\n${script.text}`;
}
