import { limits } from "../../limits.ts";

/**
 * Parses JSON as Python's json module reads and writes it: besides what JSON.parse takes, the literals NaN, Infinity and
 * -Infinity are numbers, and a whole number that a double does not hold exactly becomes a bigint.
 * It is several times slower than JSON.parse: call it for the elements that need it.
 * Throws SyntaxError with the position, also where values are nested deeper than `limits.jsonDepth`.
 */
export function parsePythonJson(text: string): unknown {
  return new PythonJson(text).whole();
}

const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const string = /"(?:[^"\\]|\\.)*"/sy;
const space = /[ \n\r\t]*/y;
const literals: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);
const word = /-?[A-Za-z]+/y;

class PythonJson {
  #at = 0;

  constructor(private readonly text: string) {}

  whole(): unknown {
    const value = this.#value(0);
    if (this.#next() !== undefined) this.#fail("text behind the value");
    return value;
  }

  #value(depth: number): unknown {
    if (depth > limits.jsonDepth) this.#fail(`nested deeper than ${limits.jsonDepth}`);
    const first = this.#next();
    if (first === "{") return this.#object(depth);
    if (first === "[") return this.#array(depth);
    if (first === '"') return this.#string();
    const literal = this.#match(word);
    if (literal !== undefined) {
      if (!literals.has(literal)) this.#fail(`unexpected ${literal.slice(0, 20)}`);
      return literals.get(literal);
    }
    return this.#number();
  }

  #object(depth: number): Record<string, unknown> {
    const members: [string, unknown][] = [];
    this.#at++;
    if (this.#next() === "}") this.#at++;
    else
      do {
        if (this.#next() !== '"') this.#fail("expected a name in quotes");
        const name = this.#string();
        if (this.#next() !== ":") this.#fail("expected :");
        this.#at++;
        members.push([name, this.#value(depth + 1)]);
      } while (this.#goesOn("}"));
    // As JSON.parse, a name that stands there twice has its last value, and __proto__ is a name like any other.
    return Object.fromEntries(members);
  }

  #array(depth: number): unknown[] {
    const items: unknown[] = [];
    this.#at++;
    if (this.#next() === "]") this.#at++;
    else
      do {
        items.push(this.#value(depth + 1));
      } while (this.#goesOn("]"));
    return items;
  }

  /** Steps over a comma or the closing bracket; returns true for a comma. */
  #goesOn(closing: string): boolean {
    const next = this.#next();
    if (next !== "," && next !== closing) this.#fail(`expected , or ${closing}`);
    this.#at++;
    return next === ",";
  }

  #string(): string {
    const start = this.#at;
    const quoted = this.#match(string);
    if (quoted === undefined) return this.#fail("a string without its end");
    try {
      return JSON.parse(quoted) as string;
    } catch {
      this.#at = start;
      return this.#fail("a string with a character or an escape that JSON has not");
    }
  }

  #number(): number | bigint {
    const digits = this.#match(number);
    if (digits === undefined) return this.#fail("expected a value");
    const value = Number(digits);
    return Number.isSafeInteger(value) || !/^-?\d+$/.test(digits) ? value : BigInt(digits);
  }

  /** Returns the next character that is not white space; undefined at the end. */
  #next(): string | undefined {
    this.#match(space);
    return this.text[this.#at];
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #fail(problem: string): never {
    throw new SyntaxError(`${problem} in JSON at position ${this.#at}`);
  }
}
