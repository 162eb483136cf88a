import { HarnessError } from "../../errors.ts";

/** Where a value stands: file, and field by field down to it. */
export interface Place {
  readonly file: string;
  readonly path: readonly (string | number)[];
}

/** Takes a value of one kind, or throws HarnessError naming file and field. */
export type Kind<T> = (value: unknown, place: Place) => T;

/** An object's fields, each asked for by name; at the end, those that nobody asked for are refused. */
export interface Fields {
  required<T>(name: string, kind: Kind<T>): T;
  /** The field as a part of an object, empty where it is missing, so that it can be spread. */
  optional<Name extends string, T>(name: Name, kind: Kind<T>): { readonly [Key in Name]?: T };
}

export const text: Kind<string> = (value, place) => {
  if (typeof value === "string" && value !== "") return value;
  throw wrong(place, value, "a text");
};

export const number: Kind<number> = (value, place) => {
  if (typeof value === "number") return value;
  throw wrong(place, value, "a number");
};

/** As papers print: a number, or a unit beside one. */
export const numberOrText: Kind<number | string> = (value, place) =>
  typeof value === "number" ? value : text(value, place);

export function oneOf<const T extends string | number>(...known: readonly T[]): Kind<T> {
  return (value, place) => {
    const found = known.find((each) => each === value);
    if (found === undefined) throw wrong(place, value, known.join(", "));
    return found;
  };
}

/** Throws for a list without items: what has none is left out of a file. */
export function listOf<T>(kind: Kind<T>): Kind<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value) || value.length === 0) throw wrong(place, value, "a list");
    return value.map((item, i) => kind(item, within(place, i)));
  };
}

export function recordOf<T>(kind: Kind<T>): Kind<Readonly<Record<string, T>>> {
  return (value, place) =>
    Object.fromEntries(
      Object.entries(objectOf(value, place)).map(([name, item]) => [name, kind(item, within(place, name))]),
    );
}

export function object<T>(take: (fields: Fields, place: Place) => T): Kind<T> {
  return (value, place) => {
    const given = objectOf(value, place);
    const asked = new Set<string>();
    const fields: Fields = {
      required(name, kind) {
        asked.add(name);
        if (given[name] === undefined) throw new HarnessError(`${field(within(place, name))} is missing`);
        return kind(given[name], within(place, name));
      },
      optional<Name extends string, U>(name: Name, kind: Kind<U>) {
        asked.add(name);
        const found = given[name] === undefined ? {} : { [name]: kind(given[name], within(place, name)) };
        return found as { readonly [Key in Name]?: U };
      },
    };
    const taken = take(fields, place);
    const stranger = Object.keys(given).find((name) => !asked.has(name));
    if (stranger === undefined) return taken;
    throw new HarnessError(`${field(within(place, stranger))} is none that is known here`, {
      expected: [...asked].join(", "),
    });
  };
}

export function within({ file, path }: Place, step: string | number): Place {
  return { file, path: [...path, step] };
}

/** `file: field tables.0.id` */
export function field({ file, path }: Place): string {
  return `${file}: ${path.length === 0 ? "the file" : `field ${path.join(".")}`}`;
}

function objectOf(value: unknown, place: Place): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(place, value, "an object");
}

function wrong(place: Place, value: unknown, expected: string): HarnessError {
  const found = JSON.stringify(value).slice(0, 40);
  return new HarnessError(`${field(place)} is not as it should be`, { found, expected });
}
