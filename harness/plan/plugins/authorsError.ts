import { sep } from "node:path";
import { fileURLToPath } from "node:url";
import { HarnessError } from "../../errors.ts";
import { isOwnModule } from "./registry.ts";
import { projectRoot } from "./sources.ts";

export interface AuthorsCode {
  /** The plug-in's module. */
  readonly file: string;
  /** Whose work it was: the variant's or the data set's id. */
  readonly id: string;
  /** What the plug-in was asked for: build, load, encode. */
  readonly doing: string;
  /** Whether other code than the author's runs as well: then only what has a place in the author's files is the author's. */
  readonly shared?: boolean;
  readonly hint?: () => string | undefined;
}

/**
 * Runs a plug-in's code. What it throws is its author's to mend, if the plug-in is not the project's own: a HarnessError with
 * the place in the author's file. What the project's own code throws is thrown as it is.
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

/** `file:line:column` of the innermost frame in the author's files: the module itself, else one that is no library's. */
function placeOf(stack: string, module: string): string | undefined {
  const frames = stack.split("\n").flatMap((line) => {
    const found = /\(?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*):(\d+):(\d+)\)?$/.exec(line.trim());
    if (found === null) return [];
    const [, name, row, column] = found as unknown as [string, string, string, string];
    return [{ file: pathOf(name), place: `${row}:${column}` }];
  });
  const authors = ({ file }: { readonly file: string }) =>
    file === module || !(file.startsWith(projectRoot + sep) || file.includes(`${sep}node_modules${sep}`));
  const frame = frames.find(authors);
  return frame && `${frame.file}:${frame.place}`;
}

function pathOf(name: string): string {
  return name.startsWith("file:") ? fileURLToPath(name.replace(/\?.*$/, "")) : name;
}
