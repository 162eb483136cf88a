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

/** The file is known as another form of a model's weights, which can not be run; the hint says which file to take. */
export class OtherForm extends HarnessError {}

/** The user stopped the work, by Ctrl-C: the message is printed like a mistake's, and the exit code is 130. */
export class Stopped extends HarnessError {}

/** Number of known words that an error lists where none is near. */
const mostListed = 12;

/**
 * Returns the error `unknown variant: mobilsam; did you mean mobilesam?` It names the words that are near alone; where none is,
 * it lists what is known, or the first of many.
 */
export function unknown(kind: string, given: string, known: readonly string[], hint?: string): HarnessError {
  const near = nearest(given, known);
  if (near.length > 0)
    return new HarnessError(`unknown ${kind}: ${given}; did you mean ${alternatives(near)}?`, { hint });
  const more = known.length > mostListed ? ` and ${known.length - mostListed} more` : "";
  return new HarnessError(`unknown ${kind}: ${given}; known: ${known.slice(0, mostListed).join(", ")}${more}`, {
    hint,
  });
}

function alternatives(words: readonly string[]): string {
  return words.length === 1 ? words[0]! : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** Writes a fact on one line, and makes it visible: facts are often a stranger's text. */
function describe(value: unknown): string {
  if (typeof value === "string") return visible(value);
  if (Array.isArray(value)) return `[${value.map(describe).join(", ")}]`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Returns at most three known words of the least edit distance, if that is small enough for a slip of the hand. */
function nearest(given: string, known: readonly string[]): readonly string[] {
  const ranked = known.map((word) => ({ word, distance: editDistance(given.toLowerCase(), word.toLowerCase()) }));
  const least = ranked.reduce((found, { distance }) => Math.min(found, distance), Number.POSITIVE_INFINITY);
  // Of a word of two letters one may be wrong: any other word of two letters is as far.
  if (least > Math.min(Math.max(2, given.length / 3), given.length - 1)) return [];
  return ranked.flatMap(({ word, distance }) => (distance === least ? [word] : [])).slice(0, 3);
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
