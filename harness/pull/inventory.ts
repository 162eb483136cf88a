import type { Registry } from "../plan/plugins/registry.ts";
import type { Trust } from "../store/pulled/pullRecord.ts";
import { catalogOf } from "./catalog.ts";
import type { PullItem } from "./place.ts";
import { pulledBefore } from "./pull.ts";
import { type PullState, stateOf } from "./pullFolder.ts";

/** A published file, and how much of it is on this machine. */
export interface InventoryEntry {
  readonly id: string;
  /** The variants' ids, or a dataset group's title. */
  readonly use: string;
  readonly state: PullState["state"];
  /** Bytes on this disk. */
  readonly held: number;
  /** Bytes as published, where its authors name a size. */
  readonly bytes: number | undefined;
  readonly licence: string | undefined;
  /** The hash that the file on this machine was compared with. */
  readonly trust: Trust | undefined;
}

/** Returns every published file that plug-ins name, whether it is here or not. */
export async function inventoryOf(registry: Registry, home: string): Promise<readonly InventoryEntry[]> {
  const entries: InventoryEntry[] = [];
  for (const { item, use } of catalogOf(registry)) {
    const { id, bytes, licence } = item.file;
    const found = await stateOf(home, item.file);
    const trust = found.state === "here" ? found.record.trust : undefined;
    entries.push({ id, use, state: found.state, held: heldBytes(found), bytes, licence, trust });
  }
  return entries;
}

function heldBytes(found: PullState): number {
  if (found.state === "absent") return 0;
  return found.state === "partial" ? found.bytes : found.record.places.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A file that is asked for, before the download starts. */
export interface Arrival {
  readonly file: PullItem["file"];
  /** True if the file is here already, with the right content. */
  readonly here: boolean;
  /** Bytes of a download that was broken off; the next one goes on from there. */
  readonly partBytes: number | undefined;
}

/** Returns what of several files is here, before the first byte comes; `hashes` are the user's own, by file id. */
export async function arrivalsOf(
  items: readonly PullItem[],
  home: string,
  hashes: ReadonlyMap<string, string>,
): Promise<readonly Arrival[]> {
  const arrivals: Arrival[] = [];
  for (const item of items) arrivals.push(await arrivalOf(item, home, hashes.get(item.file.id)));
  return arrivals;
}

async function arrivalOf({ file }: PullItem, home: string, sha256: string | undefined): Promise<Arrival> {
  const state = await stateOf(home, file);
  const here = (await pulledBefore(file, { home, sha256 })) !== undefined;
  return { file, here, partBytes: state.state === "partial" ? state.bytes : undefined };
}
