import { readFileSync } from "node:fs";
import { z } from "zod";
import { HarnessError } from "../../errors.ts";
import { refuseIrregular } from "../../files.ts";

const preset = z.object({ id: z.string() });

/** Returns the id that a search found, from the file it wrote. Throws HarnessError where the file is missing or another's. */
export function readPresetFile(file: string): string {
  refuseIrregular(file);
  try {
    return preset.parse(JSON.parse(readFileSync(file, "utf8"))).id;
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new HarnessError(`${file}: ${missing ? "no such file" : "is no preset file"}`, {
      hint: "bench search writes one, and says where",
      cause,
    });
  }
}
