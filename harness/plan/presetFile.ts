import { readFileSync } from "node:fs";
import { HarnessError } from "../errors.ts";
import { refuseIrregular } from "../files.ts";

/** The id that a search found, from the file it wrote. Throws HarnessError where the file is missing or another's. */
export function readPresetFile(file: string): string {
  refuseIrregular(file);
  const { id } = parsed(file) as { readonly id?: unknown };
  if (typeof id === "string") return id;
  throw new HarnessError(`${file}: is no preset file`, { expected: "one that bench search wrote, with an id" });
}

function parsed(file: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof value === "object" && value !== null ? value : {};
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new HarnessError(`${file}: ${missing ? "no such file" : "is no preset file"}`, {
      hint: "bench search writes one, and says where",
      cause,
    });
  }
}
