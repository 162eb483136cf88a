import { createHash } from "node:crypto";

/**
 * Returns JSON in which a value has one spelling only, for hashes: keys are sorted by code unit, there are no blanks, and fields
 * without a value are left out. Throws for what JSON would change silently: NaN, infinity, functions, typed arrays, maps, dates.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && isPlain(value)) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
    return `{${fields.join(",")}}`;
  }
  throw new Error(`canonicalJson: ${String(value)} has no place in JSON`);
}

/** Returns the SHA-256 in hexadecimal digits. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/**
 * Returns the id of a run: the variant in letters that every file system takes, then the first 12 hexadecimal digits of the
 * SHA-256 of the resolved plan: `ptq4sam/sam-vit-b/w8a8` → `ptq4sam-sam-vit-b-w8a8-3f2a90c1d4e7`. The same plan has the same id
 * on every machine. Twelve digits: among a million runs, two of one id have odds of 1 in 560.
 */
export function planId(variant: string, plan: unknown): string {
  const readable = variant
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
    .slice(0, 80);
  return `${readable}-${sha256(canonicalJson({ variant, plan })).slice(0, 12)}`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
