import { HarnessError, unknown } from "../errors.ts";
import type { Arrival } from "./inventory.ts";

/**
 * Throws HarnessError for the first file to come whose licence restricts its use and was not accepted by its name, and for a
 * name that is the licence of none of the files. A file that is here was accepted when it came.
 */
export function requireAccepted(arrivals: readonly Arrival[], accepted: readonly string[]): void {
  const restricted = arrivals.filter(({ file }) => file.terms !== undefined);
  const known = [...new Set(restricted.flatMap(({ file }) => file.licence ?? []))];
  for (const licence of accepted) {
    if (known.length === 0)
      throw new HarnessError("--accept-licence: no file that is named asks for it", { found: licence });
    if (!known.includes(licence)) throw unknown("licence of --accept-licence", licence, known);
  }
  for (const { file, here } of restricted) {
    const { id, licence = "not named", terms } = file;
    if (here || accepted.includes(licence)) continue;
    throw new HarnessError(`${id}: its licence has to be accepted before it is downloaded`, {
      found: `${licence}: ${terms!.summary}`,
      hint: `read ${terms!.url}; if you accept it, say --accept-licence "${licence}"`,
    });
  }
}
