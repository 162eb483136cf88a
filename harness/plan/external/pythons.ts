import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { HarnessError } from "../../errors.ts";
import { limits } from "../../limits.ts";

/** Commands that a Python may have, in the order in which they are tried. */
const commands = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python3.9", "python"];

/** Prints a line with those of the given distributions that are not installed. */
const question = `import importlib.metadata, sys
def lacks(name):
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return True
print("lacks", *filter(lacks, sys.argv[1:]))`;

/** A Python that starts, and what it lacks of the packages that it was asked for. */
export interface FoundPython {
  /** The command, or the file that the user names. */
  readonly command: string;
  readonly missing: readonly string[];
}

/**
 * Returns the first Python on the PATH that has these packages, or the one that lacks the fewest; nothing where none starts.
 * Where the user names a file, it is the only one that is tried.
 */
export async function findPython(
  packages: readonly string[],
  given: string | undefined,
): Promise<FoundPython | undefined> {
  let best: FoundPython | undefined;
  for (const command of given === undefined ? commands.filter(isOnPath) : [given]) {
    const missing = await missingIn(command, packages);
    if (missing === undefined) continue;
    if (missing.length === 0) return { command, missing };
    if (best === undefined || missing.length < best.missing.length) best = { command, missing };
  }
  return best;
}

/** Returns the command of a Python that has the packages. Throws HarnessError with what is missing and what brings it. */
export async function requirePython(
  id: string,
  packages: readonly string[],
  given: string | undefined,
): Promise<string> {
  const found = await findPython(packages, given);
  if (found === undefined)
    throw new HarnessError(`${id}: no Python starts`, {
      found: given === undefined ? "none on the PATH" : `--python ${given}`,
      expected: "Python 3.8 or newer",
      hint: "--python FILE names another one",
    });
  if (found.missing.length === 0) return found.command;
  throw new HarnessError(`${id}: ${found.command} lacks packages`, {
    found: `no ${found.missing.join(", no ")}`,
    hint: `${pipLine(found)}; or --python FILE names a Python that has them`,
  });
}

/** Returns the command that brings what a Python lacks. */
export function pipLine({ command, missing }: FoundPython): string {
  return `${command} -m pip install ${missing.join(" ")}`;
}

function isOnPath(command: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, command)));
}

/** Returns the packages that are missing; nothing where this is no Python of version 3.8 or newer. */
async function missingIn(command: string, packages: readonly string[]): Promise<readonly string[] | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, ["-c", question, ...packages], {
      timeout: limits.externalHelloMs,
    });
    const [word, ...missing] = stdout.trim().split(" ");
    return word === "lacks" ? missing : undefined;
  } catch {
    return undefined;
  }
}
