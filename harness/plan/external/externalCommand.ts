import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { ExternalProcess } from "../../api.ts";
import type { HarnessError } from "../../errors.ts";
import type { GroupCommand } from "../../process/external/group.ts";
import type { ExternalDescription, HelloFields } from "../../process/external/hello.ts";
import { sha256OfFile } from "../../store/disk/fileCache.ts";
import { projectRoot } from "../plugins/sources.ts";
import { requirePython } from "./pythons.ts";

/** The shipped helper lies here; a Python program of a user's own imports it. */
const pythonFolder = join(projectRoot, "variants", "external", "python");

interface AskedExternal {
  readonly process: ExternalProcess;
  readonly command: GroupCommand;
  readonly hello: HelloFields;
}

/** A program that has said what it is. */
export interface ChosenExternal extends AskedExternal {
  readonly description: ExternalDescription;
}

/** A program that was asked what it is and can not be started, does not answer, or gives an answer that is none. */
export interface UnansweredExternal extends AskedExternal {
  readonly reason: HarnessError;
}

export interface ExternalOptions {
  readonly threads: number;
  /** The providers of the plan: a program is measured beside that of the processor. */
  readonly providers: readonly string[];
  /** Names the Python that starts shipped programs; without it one is looked for. */
  readonly python: string | undefined;
}

/** Returns the words of a program's command, with a Python that has its packages. Throws HarnessError where there is none. */
export async function startWords(
  id: string,
  { command, packages }: ExternalProcess,
  python: string | undefined,
): Promise<readonly string[]> {
  const [first, ...rest] = command;
  if (first !== "python3" || packages === undefined) return command;
  return [await requirePython(id, packages, python), ...rest];
}

/** Returns what is started: libraries get the run's number of threads, and Python finds the shipped helper. */
export function commandOf(words: readonly string[], threads: number): GroupCommand {
  const path = process.env.PYTHONPATH;
  const count = String(threads);
  return {
    words,
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
}: AskedExternal): Promise<readonly { readonly name: string; readonly sha256: string }[]> {
  const named = partsOf(words).filter((part) => /[/.]/.test(part) && isFile(part));
  const helper = join(pythonFolder, "sam_bench_external.py");
  const hashed = [];
  for (const file of new Set([...files, ...named, helper]))
    hashed.push({ name: basename(file), sha256: await sha256OfFile(file) });
  return hashed;
}

/** Returns the command without the folders of this machine. */
export function shownCommand({ command: { words } }: AskedExternal): string {
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
