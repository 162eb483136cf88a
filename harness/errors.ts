/** Errors that a user can mend, in one grammar: `subject: problem (found …, expected …)`, then one hint. */

import { visible } from "./visible.ts";

export interface ErrorDetails {
  readonly found?: unknown;
  readonly expected?: unknown;
  /** Advice on what to do, in lower case and without a full stop. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The user's mistake or the machine's limit: it is printed without a stack, and the exit code is 2. */
export class HarnessError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, { found, expected, hint, cause }: ErrorDetails = {}) {
    const facts = [
      found === undefined ? "" : `found ${describe(found)}`,
      expected === undefined ? "" : `expected ${describe(expected)}`,
    ].filter((fact) => fact !== "");
    super(facts.length > 0 ? `${message} (${facts.join(", ")})` : message, cause === undefined ? undefined : { cause });
    this.name = "HarnessError";
    this.hint = hint;
  }
}

/** The user stopped the work, by Ctrl-C: the message is printed like a mistake's, and the exit code is 130. */
export class Stopped extends HarnessError {}

/** Returns the error `unknown variant: mobilsam; did you mean mobilesam? known: …` */
export function unknown(kind: string, given: string, known: readonly string[]): HarnessError {
  const nearest = closest(given, known);
  const guess = nearest === undefined ? "" : ` did you mean ${nearest}?`;
  return new HarnessError(`unknown ${kind}: ${given};${guess} known: ${known.join(", ")}`);
}

/** Writes a fact on one line, and makes it visible: facts are often a stranger's text. */
function describe(value: unknown): string {
  if (typeof value === "string") return visible(value);
  if (Array.isArray(value)) return `[${value.map(describe).join(", ")}]`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Returns the known word with the least edit distance, if it is near enough to be a slip of the hand. */
function closest(given: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((word) => ({ word, distance: editDistance(given.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, given.length / 3) ? best.word : undefined;
}

/** Computes the Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
