import type { DeclaredValue, ValueNames } from "../../harness/api.ts";
import type { Wanted } from "./layout.ts";

/** A value of a file, and the value of a layout that it is; absent where the layout has none for it. */
export interface Match {
  readonly found: DeclaredValue;
  readonly wanted?: Wanted | undefined;
}

/**
 * Finds which value of a layout each value of a file is, whatever their order. A wanted value without a name is the one that is
 * usually called so, or the only one left that fits. A lone value is it even where it does not fit, since that is what is wrong
 * then.
 */
export function matched(found: readonly DeclaredValue[], wanted: readonly Wanted[]): readonly Match[] {
  const partners = new Map<DeclaredValue, Wanted>();
  for (const each of wanted) {
    const value = found.find(({ name }) => name === (each.name ?? each.usually));
    if (value !== undefined) partners.set(value, each);
  }
  const taken = new Set(partners.values());
  for (const each of wanted.filter((one) => one.name === undefined && !taken.has(one))) {
    const left = found.filter((value) => !partners.has(value));
    const fitting = left.filter((value) => fits(value, each));
    const [only, ...others] = fitting.length > 0 ? fitting : left;
    if (only !== undefined && others.length === 0) partners.set(only, each);
  }
  return found.map((value) => ({ found: value, wanted: partners.get(value) }));
}

/**
 * Returns the usual names of the values that a layout leaves free: by the names that they have in the file.
 */
export function usualNames(found: readonly DeclaredValue[], wanted: readonly Wanted[]): ValueNames {
  return Object.fromEntries(
    matched(found, wanted).flatMap((match) =>
      match.wanted?.usually === undefined ? [] : [[match.found.name, match.wanted.usually]],
    ),
  );
}

export function fits(value: DeclaredValue, wanted: Wanted): boolean {
  return typeFits(value, wanted) && dimsFit(value, wanted);
}

/** Says whether the type fits. Where a file leaves a type or a dimension open, anything may be meant. */
export function typeFits({ type }: DeclaredValue, { types }: Wanted): boolean {
  return type === "undefined" || types.includes(type);
}

export function dimsFit({ dims }: DeclaredValue, wanted: Wanted): boolean {
  if (dims === undefined) return true;
  return (
    dims.length === wanted.dims.length &&
    wanted.dims.every((dim, i) => typeof dim === "string" || typeof dims[i] === "string" || dims[i] === dim)
  );
}
