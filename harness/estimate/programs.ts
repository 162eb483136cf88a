import type { ExternalProgram } from "../api.ts";
import { findPython, pipLine } from "../plan/external/pythons.ts";
import type { Registry } from "../plan/plugins/registry.ts";

/** A program that answers for variants, and whether it can run on this machine. */
export interface ProgramState extends ExternalProgram {
  /** The Python that was found for it: the first one that has the packages, or the one that lacks the fewest. */
  readonly python?: string | undefined;
  /** The command that brings what is missing; absent where nothing is. */
  readonly install?: string | undefined;
}

/** Looks for the Python of each shipped program, on the PATH or in the file that the user names. Nothing is loaded. */
export async function checkPrograms(
  { methods }: Pick<Registry, "methods">,
  python: string | undefined,
): Promise<readonly ProgramState[]> {
  const states: ProgramState[] = [];
  for (const program of methods.flatMap(({ plugin }) => plugin.programs ?? [])) {
    const found = await findPython(program.packages, python);
    const complete = found === undefined || found.missing.length === 0;
    states.push({ ...program, python: found?.command, install: complete ? undefined : pipLine(found) });
  }
  return states;
}
