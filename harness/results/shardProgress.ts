import { rowsFile } from "../store/damage.ts";
import { rowName } from "../store/rowName.ts";
import { indexRows } from "../store/rows.ts";
import type { Manifest } from "../store/schema.ts";
import { soundRuns } from "./storedRuns.ts";

/** Progress of one shard of a divided run. */
export interface ShardProgress {
  readonly variant: string;
  readonly index: number | undefined;
  readonly done: number;
  readonly images: number;
  readonly state: Manifest["status"]["state"];
}

/** Reads how far the shards in a folder are, sorted by variant and index. A notice names each that can not be read. */
export async function shardProgress(folder: string, notice: (text: string) => void): Promise<readonly ShardProgress[]> {
  const found: ShardProgress[] = [];
  for (const { folder: place, facts } of await soundRuns(folder, notice)) {
    const { shard, status, dataset } = facts;
    const { places } = await indexRows(rowsFile(place));
    found.push({
      variant: rowName(facts),
      index: shard?.index,
      done: places.size,
      images: dataset.images,
      state: status.state,
    });
  }
  return found.sort((a, b) =>
    a.variant === b.variant ? (a.index ?? 0) - (b.index ?? 0) : a.variant < b.variant ? -1 : 1,
  );
}
