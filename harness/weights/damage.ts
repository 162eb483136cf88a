/** Errors about files that are not what they claim to be are made here. */

import { type ErrorDetails, HarnessError } from "../errors.ts";

/** Returns the error for a fault that no user can mend in the file itself. */
export function damaged(message: string, details: ErrorDetails = {}): HarnessError {
  return new HarnessError(message, { hint: "the file is damaged or cut off; download or copy it again", ...details });
}

/** Returns a name out of a file as a message may show it: clipped, control characters escaped. */
export function printable(name: string): string {
  const clipped = name.length > 120 ? `${name.slice(0, 120)}…` : name;
  return JSON.stringify(clipped).slice(1, -1);
}
