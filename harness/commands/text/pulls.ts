import { join } from "node:path";
import type { Arrival, InventoryEntry, PullRecord } from "../../pull/index.ts";
import { plainTable } from "./plainTable.ts";
import { megabytes, sizeText, totalText } from "./smallModels.ts";

const trusts: Readonly<Record<PullRecord["trust"], (record: PullRecord) => string>> = {
  published: () => "verified by its published sha256",
  given: () => "verified by --sha256; not by what its authors publish",
  "first download": ({ sha256 }) => `unverified: first download; from now on it must be sha256 ${sha256}`,
};

/** What came, where it lies, and what it was checked against. */
export function pulledText(record: PullRecord, home: string): string {
  const places = record.places.map(({ path }) => join(home, path)).join(", ");
  return `${record.id}: ${places} (${megabytes(record.bytes)}), ${trusts[record.trust](record)}`;
}

/** Licence and size of a file, before its first byte comes. */
export function arrivalText({ file, here, partBytes }: Arrival): string {
  const { id, licence = "not stated with the file" } = file;
  const part = partBytes === undefined ? "" : `, goes on after ${megabytes(partBytes)}`;
  return `${id}: licence ${licence}, ${here ? "here already" : `${sizeText(file)}${part}`}`;
}

/** How many of several files come, and what they come to; nothing where none comes, or one alone was named. */
export function arrivalsText(all: readonly Arrival[]): string | undefined {
  const coming = all.filter(({ here }) => !here).map(({ file }) => file);
  if (all.length < 2 || coming.length === 0) return undefined;
  return `${coming.length} of ${all.length} files to bring: ${totalText(coming)}`;
}

export function inventoryText(entries: readonly InventoryEntry[]): string {
  const rows = entries.map(({ id, use, state, held, bytes, licence }) => [
    id,
    state,
    held === 0 ? "" : megabytes(held),
    bytes === undefined ? "" : megabytes(bytes),
    licence ?? "",
    use,
  ]);
  return plainTable(["file", "state", "here", "published", "licence", "for"], rows);
}
