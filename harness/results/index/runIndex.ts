import { join } from "node:path";
import type { FileState } from "../../store/disk/fileState.ts";
import { readSealed, type SealedLine, writeSealed } from "../../store/disk/sealedLines.ts";
import { foldersIn } from "../../store/manifest.ts";
import { runState } from "../../store/schema/runState.ts";

/**
 * The index of a results folder is a cache of what was found in its runs: `<results>/.index/`. An entry holds as long as the files
 * of its run are the same, by inode, size and times, and the code is the same; a copy of the folder has other inodes and times,
 * so nothing in a stranger's folder is believed. A run that a process may be writing has no entry.
 */

export interface RunIndex {
  /** Returns what was found in the run when its files were in this state; nothing where that is not known. */
  known(id: string, state: FileState): string | undefined;
  /**
   * Adds what was found, one line, unless the files changed meanwhile or so short before that they may change unseen. `state` is
   * theirs from before they were read. Returns true if they did not change.
   */
  add(id: string, state: FileState, text: string): Promise<boolean>;
  /** Writes what was added, for the next process. Entries of runs that are gone are left out. */
  save(): Promise<void>;
}

/** Entries of one kind and key are one file; `key` says what decides an entry beside the run's files. */
export interface IndexKind {
  readonly kind: "facts" | "reports";
  readonly key: string;
}

/** Opens the index of a results folder; it is empty where there is none, or none that can be read. */
export async function openIndex(results: string, { kind, key }: IndexKind): Promise<RunIndex> {
  const file = join(results, ".index", `${kind}-${key.slice(0, 12)}`);
  const found = await readSealed(file, key);
  const added = new Map<string, SealedLine>();
  return {
    known: (id, state) => {
      const line = found.get(id);
      return line?.state === state.text ? line.text : undefined;
    },
    add: async (id, state, text) => {
      const now = await runState(join(results, id));
      if (now.kind !== "still" || now.text !== state.text) return false;
      if (state.settled) added.set(id, { state: state.text, text });
      return true;
    },
    save: async () => {
      if (added.size === 0) return;
      // Read again: another process may have written what it found.
      const all = [...(await readSealed(file, key)), ...added];
      const present = new Set(await foldersIn(results));
      await writeSealed(file, key, new Map(all.filter(([id]) => present.has(id))));
    },
  };
}
