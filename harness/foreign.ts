import type { z } from "zod";
import { HarnessError } from "./errors.ts";

/** Reads JSON that others wrote, or this project at another time, and checks it by a schema. */

/** Parses JSON. Throws HarnessError that names the place, a file or a file's line, where the text is not JSON. */
export function parseJson(json: string, place: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new HarnessError(`${place}: not JSON`, { found: json === "" ? "nothing" : json.slice(0, 40), cause });
  }
}

/** Returns the value as the schema has it. Throws HarnessError that names the place and the first field that does not fit. */
export function checked<T extends z.ZodType>(schema: T, value: unknown, place: string, hint?: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.length > 0 ? `field ${issue.path.join(".")}` : "the record";
  const said = { hint, cause: result.error };
  if (issue.path.length > 0 && at(value, issue.path) === undefined)
    throw new HarnessError(`${place}: ${field} is missing`, said);
  throw new HarnessError(`${place}: ${field} is not as it should be`, {
    found: issue.message.replace(/^Invalid input: /, ""),
    ...said,
  });
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(
    (inner, step) => (inner as Readonly<Record<PropertyKey, unknown>> | null | undefined)?.[step],
    value,
  );
}
