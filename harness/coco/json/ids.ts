import type { Fields } from "./fields.ts";
import { present, wrongType } from "./fields.ts";

/**
 * The least id that is numbered anew: a double does not hold all ids from here on, and a new number must not be the id of
 * another.
 */
const firstNumbered = 2 ** 52;

/** Numbers that stand for ids from 2^52 up, each with the digits of the file. The list is empty for nearly every file. */
export type OriginalIds = readonly (readonly [number: number, digits: string])[];

/**
 * Table that maps the ids of one kind in one file to numbers. Ids that a double holds stay as they are; larger ones are
 * numbered in the order in which they come.
 */
export class IdTable {
  readonly #numbers = new Map<bigint, number>();

  static of(originals: OriginalIds): IdTable {
    const table = new IdTable();
    for (const [number, digits] of originals) table.#numbers.set(BigInt(digits), number);
    return table;
  }

  numberOf(id: number | bigint): number {
    if (id < firstNumbered && id > -firstNumbered) return Number(id);
    const exact = BigInt(id);
    const known = this.#numbers.get(exact);
    if (known !== undefined) return known;
    const number = firstNumbered + this.#numbers.size;
    this.#numbers.set(exact, number);
    return number;
  }

  /** Reads an id. Throws FieldFault for what is no whole number. */
  read(fields: Fields, field: string): number {
    const value = present(fields, field);
    return isId(value) ? this.numberOf(value) : wrongType(field, value, "an integer");
  }

  /**
   * Reads a list of ids; undefined where the file has no such field. Throws FieldFault for what is no list of whole numbers.
   */
  readList(fields: Fields, field: string): readonly number[] | undefined {
    const value = fields[field];
    if (value === undefined || value === null) return undefined;
    if (Array.isArray(value) && value.every(isId)) return value.map((id) => this.numberOf(id));
    return wrongType(field, value, "a list of integers");
  }

  originals(): OriginalIds {
    return [...this.#numbers].map(([exact, number]) => [number, String(exact)]);
  }
}

/** The tables that an annotation file's elements are read with. */
export interface FileIds {
  readonly images: IdTable;
  readonly categories: IdTable;
  readonly annotations: IdTable;
}

/** Names of the members that hold ids. */
export const idMembers = ["id", "image_id", "category_id", "neg_category_ids", "not_exhaustive_category_ids"] as const;

/** Returns the comparison by which ids ascend as in the file. */
export function ascendingIds(originals: OriginalIds): (a: number, b: number) => number {
  if (originals.length === 0) return (a, b) => a - b;
  const exact = new Map(originals.map(([number, digits]) => [number, BigInt(digits)]));
  return (a, b) => {
    const first = exact.get(a) ?? BigInt(a);
    const second = exact.get(b) ?? BigInt(b);
    return first < second ? -1 : first > second ? 1 : 0;
  };
}

function isId(value: unknown): value is number | bigint {
  return typeof value === "bigint" || Number.isInteger(value);
}
