import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { HarnessError } from "../../errors.ts";
import { refuseIrregular } from "../../files.ts";
import { checked } from "../../foreign.ts";
import { limits } from "../../limits.ts";
import { modelFile, type PortableModel, portableFormat, portableModelSchema } from "./schema.ts";

const hint = "write the folder again: bench onnx VARIANT --out FOLDER";

/**
 * Returns what `model.json` in a folder says of the graphs there; nothing where there is no such file, or one of another program.
 * The files that it names are not looked at. Throws HarnessError where a field is wrong or of another version.
 */
export function readPortableModel(folder: string): PortableModel | undefined {
  const file = join(folder, modelFile);
  if (!existsSync(file)) return undefined;
  refuseIrregular(file);
  if (statSync(file).size > limits.modelJsonBytes) return undefined;
  const found = parsed(readFileSync(file, "utf8"));
  if (found?.format !== portableFormat.format) return undefined;
  if (found.version !== portableFormat.version)
    throw new HarnessError(`${file}: of a version that is not known here`, {
      found: String(found.version),
      expected: portableFormat.version,
      hint: "read it with the sam-bench that wrote it, or write the folder again",
    });
  return checked(portableModelSchema, found, file, hint);
}

/** Returns the object that a text is as JSON; nothing where it is none: the file may be anything. */
function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
