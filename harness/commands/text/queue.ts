import type { SubmittedJob } from "../../cluster/submit.ts";
import type { ShardProgress } from "../../results/shardProgress.ts";
import { plainTable } from "./plainTable.ts";

/** What `bench slurm status` prints: each job with the queue's own words, then how far each shard is. */
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
