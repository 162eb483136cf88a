import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { ExternalProcess } from "../api.ts";
import type { GroupCommand } from "../process/external/group.ts";
import type { ExternalDescription, HelloFields } from "../process/external/hello.ts";
import { sha256OfFile } from "../store/disk/fileCache.ts";
import { projectRoot } from "./plugins/sources.ts";

/** The shipped helper lies here; a Python program of a user's own imports it. */
const pythonFolder = join(projectRoot, "variants", "external", "python");

/** A program that was asked what it is. */
export interface ChosenExternal {
  readonly process: ExternalProcess;
  readonly command: GroupCommand;
  readonly hello: HelloFields;
  readonly description: ExternalDescription;
}

export interface ExternalOptions {
  readonly threads: number;
  readonly provider: string;
  /** Replaces `python3` in the commands of shipped programs. */
  readonly python: string | undefined;
}

/** Returns what is started: libraries get the run's number of threads, and Python finds the shipped helper. */
export function commandOf({ command }: ExternalProcess, { threads, python }: ExternalOptions): GroupCommand {
  const [first, ...rest] = command;
  const path = process.env.PYTHONPATH;
  const count = String(threads);
  return {
    words: [first === "python3" && python !== undefined ? python : first!, ...rest],
    environment: {
      PYTHONPATH: path === undefined || path === "" ? pythonFolder : `${pythonFolder}:${path}`,
      OMP_NUM_THREADS: count,
      MKL_NUM_THREADS: count,
      OPENBLAS_NUM_THREADS: count,
    },
  };
}

/** Names and hashes of the files that decide what the program computes: its own, and those that the command names. */
export async function externalFiles({
  process: { files },
  command: { words },
}: ChosenExternal): Promise<readonly { readonly name: string; readonly sha256: string }[]> {
  const named = partsOf(words).filter((part) => /[/.]/.test(part) && isFile(part));
  const helper = join(pythonFolder, "sam_bench_external.py");
  const hashed = [];
  for (const file of new Set([...files, ...named, helper]))
    hashed.push({ name: basename(file), sha256: await sha256OfFile(file) });
  return hashed;
}

/** Returns the command without the folders of this machine. */
export function shownCommand({ command: { words } }: ChosenExternal): string {
  return partsOf(words)
    .map((part) => part.replace(/[^\s='"]*\/(?=[^/\s'"])/g, ""))
    .join(" ");
}

/** Words as a shell would set them apart, quotes aside. */
function partsOf(words: readonly string[]): readonly string[] {
  return words.flatMap((word) => word.split(/[\s'"]+/)).filter((part) => part !== "");
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
