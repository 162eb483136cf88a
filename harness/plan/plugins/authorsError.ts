import { sep } from "node:path";
import { fileURLToPath } from "node:url";
import { HarnessError } from "../../errors.ts";
import { isOwnModule } from "./registry.ts";
import { projectRoot } from "./sources.ts";

export interface AuthorsCode {
  /** Path of the plug-in's module. */
  readonly file: string;
  /** The variant's or the data set's id, which errors begin with. */
  readonly id: string;
  /** A verb for what the plug-in was asked to do: build, load, encode. */
  readonly doing: string;
  /**
   * True if other code than the author's runs as well: then an error is the author's only if it has a place in the author's
   * files.
   */
  readonly shared?: boolean;
  readonly hint?: () => string | undefined;
}

/**
 * Runs a plug-in's code. An error of a plug-in that is not the project's own is for its author to mend: it becomes a
 * HarnessError with the place in the author's file. An error of the project's own code is thrown as it is.
 */
export async function asAuthors<T>(code: AuthorsCode, step: () => Promise<T> | T): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw authorsError(error, code);
  }
}

function authorsError(error: unknown, { file, id, doing, shared = false, hint }: AuthorsCode): unknown {
  if (error instanceof HarnessError || isOwnModule(file)) return error;
  const thrown = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const place = error instanceof Error ? placeOf(error.stack ?? "", file) : undefined;
  if (shared && place === undefined) return error;
  return new HarnessError(`${id}: ${doing} failed in its plug-in`, {
    found: `${thrown.replace(/\s+/g, " ")}, at ${place ?? file}`,
    hint: hint?.(),
    cause: error,
  });
}

/**
 * Returns `file:line:column` of the innermost frame in the author's files: the module itself, else a file that is no library's.
 */
function placeOf(stack: string, module: string): string | undefined {
  const frames = stack.split("\n").flatMap((line) => {
    const found = /\(?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*):(\d+):(\d+)\)?$/.exec(line.trim());
    if (found === null) return [];
    const [, name, row, column] = found;
    return [{ file: pathOf(name!), place: `${row}:${column}` }];
  });
  const authors = ({ file }: { readonly file: string }) =>
    file === module || !(file.startsWith(projectRoot + sep) || file.includes(`${sep}node_modules${sep}`));
  const frame = frames.find(authors);
  return frame && `${frame.file}:${frame.place}`;
}

function pathOf(name: string): string {
  return name.startsWith("file:") ? fileURLToPath(name.replace(/\?.*$/, "")) : name;
}
