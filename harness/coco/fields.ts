import { HarnessError } from "../errors.ts";

/** What is wrong with one field, as data: counted for an annotation, thrown for an image or a category. */
export interface Fault {
  readonly problem: string;
  readonly field: string;
  readonly found?: unknown;
  readonly expected?: unknown;
}

/** Thrown by the readers below and caught where the element's name is known. */
export class FieldFault extends Error {
  constructor(readonly fault: Fault) {
    super(`${fault.field}: ${fault.problem}`);
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export function fail(fault: Fault): never {
  throw new FieldFault(fault);
}

/** The object itself; `field` names it in the fault where it is a part of an element. */
export function fieldsOf(element: unknown, field = "the element itself"): Fields {
  if (typeof element === "object" && element !== null && !Array.isArray(element)) return element as Fields;
  return fail({ problem: "not an object", field, found: sketch(element) });
}

export function readNumber(fields: Fields, field: string): number {
  const value = present(fields, field);
  return isNumber(value) ? value : wrongType(field, value, "a number");
}

export function readInteger(fields: Fields, field: string): number {
  const value = present(fields, field);
  return Number.isSafeInteger(value) ? (value as number) : wrongType(field, value, "an integer");
}

export function readText(fields: Fields, field: string): string {
  const value = present(fields, field);
  return typeof value === "string" ? value : wrongType(field, value, "a string");
}

/** The list of integers, or nothing where the file has no such field. */
export function readIntegers(fields: Fields, field: string): readonly number[] | undefined {
  const value = fields[field];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every(Number.isSafeInteger)) return value as number[];
  return wrongType(field, value, "a list of integers");
}

export function wrongType(field: string, value: unknown, expected: string): never {
  return fail({ problem: "wrong type", field, found: sketch(value), expected });
}

/** `annotation 17, bbox: wrong type (found "abc", expected four numbers)` as an error about the file. */
export function faultError(file: string, element: string, { problem, field, found, expected }: Fault): HarnessError {
  return new HarnessError(`${file}: ${element}, ${field}: ${problem}`, {
    ...(found === undefined ? {} : { found }),
    ...(expected === undefined ? {} : { expected }),
  });
}

/** Runs a reader of one element and gives its fault back as a value. */
export function attempt<T>(read: () => T): { readonly value: T } | { readonly fault: Fault } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof FieldFault) return { fault: error.fault };
    throw error;
  }
}

/** A value as it stands in the file, cut to a length that fits a message. */
export function sketch(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function present(fields: Fields, field: string): unknown {
  const value = fields[field];
  return value === undefined || value === null ? fail({ problem: "missing field", field }) : value;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
