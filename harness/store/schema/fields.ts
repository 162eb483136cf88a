import { z } from "zod";

/** The kinds of field that stored records are made of. */

export const text = z.string();
export const whole = z.int();
export const count = z.int().min(0);
/** A finite number: JSON has no other, and 1e999 is refused. */
export const number = z.number();
export const positive = z.number().min(0);
export const fraction = z.number().min(0).max(1);
export const hash = z.string().regex(/^[0-9a-f]{64}$/, "not a SHA-256");

/** The same type, read-only at every depth. */
export type Immutable<T> = T extends object ? { readonly [Key in keyof T]: Immutable<T[Key]> } : T;
