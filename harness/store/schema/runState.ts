import { type BigIntStats, statSync } from "node:fs";
import { latencyFile, rowsFile } from "../damage.ts";
import { type FileState, fileState } from "../disk/fileState.ts";
import { hasWriter } from "../disk/writer.ts";
import { lockFile, manifestFile } from "../manifest.ts";

/**
 * How the files of a run's folder lie: there is no manifest; a process may be writing them, or one is no ordinary file; or they
 * lie still, in a state that differs wherever one of them was changed.
 */
export type RunState =
  | { readonly kind: "none" }
  | { readonly kind: "unsteady" }
  | ({ readonly kind: "still" } & FileState);

/** Looks at the files of a run's folder and reads none of them. Whoever reads a file that can not be looked at says why. */
export async function runState(folder: string): Promise<RunState> {
  try {
    const lock = lockFile(folder);
    if (statOf(lock) !== undefined && (await hasWriter(lock))) return { kind: "unsteady" };
    const manifest = statOf(manifestFile(folder));
    if (manifest === undefined) return { kind: "none" };
    const files = [manifest, statOf(rowsFile(folder)), statOf(latencyFile(folder))];
    if (files.some((each) => each?.isFile() === false)) return { kind: "unsteady" };
    return { kind: "still", ...fileState(files) };
  } catch {
    return { kind: "unsteady" };
  }
}

function statOf(file: string): BigIntStats | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false });
}
