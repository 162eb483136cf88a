import { HarnessError } from "../../errors.ts";

/** Fault of one field, as data: it is counted for an annotation and thrown for an image or a category. */
export interface Fault {
  readonly problem: string;
  readonly field: string;
  readonly found?: unknown;
  readonly expected?: unknown;
}

/** Error that the readers of fields throw. Whoever knows the element's name catches it. */
export class FieldFault extends Error {
  constructor(readonly fault: Fault) {
    super(`${fault.field}: ${fault.problem}`);
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export function fail(fault: Fault): never {
  throw new FieldFault(fault);
}

/** Returns the element as an object. `field` names the element in the fault where it is a part of another one. */
export function fieldsOf(element: unknown, field = "the element itself"): Fields {
  if (typeof element === "object" && element !== null && !Array.isArray(element)) return element as Fields;
  return fail({ problem: "not an object", field, found: sketch(element) });
}

/** Reads a finite number; true and false are 1 and 0, as in Python. */
export function readNumber(fields: Fields, field: string): number {
  const value = present(fields, field);
  const number = numberOf(value);
  if (number === undefined) return wrongType(field, value, "a number");
  return Number.isFinite(number) ? number : fail({ problem: "not a finite number", field, found: String(number) });
}

/**
 * Returns the value as Python takes it for a number: a number, a whole number of any size, or a truth value. Else returns
 * undefined.
 */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "bigint" || typeof value === "boolean" ? Number(value) : undefined;
}

/** Returns the value as numpy makes a float of it: texts that float() of Python reads are numbers too. */
export function floatOf(value: unknown): number | undefined {
  if (typeof value !== "string") return numberOf(value);
  return /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(value) ? Number(value) : undefined;
}

/** Returns a value as text, for fields that nobody needs; undefined where the value is no text and no number. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const number = numberOf(value);
  return number === undefined ? undefined : String(value);
}

export function wrongType(field: string, value: unknown, expected: string): never {
  return fail({ problem: "wrong type", field, found: sketch(value), expected });
}

/** Makes an error about the file of a fault: `annotation 17, bbox: wrong type (found "abc", expected four numbers)`. */
export function faultError(file: string, element: string, { problem, field, found, expected }: Fault): HarnessError {
  return new HarnessError(`${file}: ${element}, ${field}: ${problem}`, { found, expected });
}

export type Attempt<T> =
  | { readonly value: T; readonly fault?: undefined }
  | { readonly value?: undefined; readonly fault: Fault };

/** Runs a reader of one element. Returns its value, or its fault in place of throwing it. */
export function attempt<T>(read: () => T): Attempt<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof FieldFault) return { fault: error.fault };
    throw error;
  }
}

/** Returns a value as it stands in the file, cut to a length that fits a message. */
export function sketch(value: unknown): string {
  const text = sketched(value, 4);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Returns JSON of the value's outer layers. Deeper layers become dots, since a file may nest deeper than any stack. */
function sketched(value: unknown, layers: number): string {
  if (typeof value === "bigint" || typeof value === "number") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "nothing";
  const list = Array.isArray(value);
  if (layers === 0) return list ? "[...]" : "{...}";
  // Sixty characters hold no more.
  const parts = Object.entries(value)
    .slice(0, 60)
    .map(([name, part]) => `${list ? "" : `${JSON.stringify(name)}:`}${sketched(part, layers - 1)}`);
  return list ? `[${parts}]` : `{${parts}}`;
}

export function present(fields: Fields, field: string): unknown {
  const value = fields[field];
  return value === undefined || value === null ? fail({ problem: "missing field", field }) : value;
}
