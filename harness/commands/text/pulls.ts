import { join } from "node:path";
import type { Arrival, InventoryEntry, PullItem, PullRecord } from "../../pull/index.ts";
import { megabytes, sizeText, totalText } from "./models/smallModels.ts";
import { plainTable } from "./plainTable.ts";

const trusts: Readonly<Record<PullRecord["trust"], (record: PullRecord) => string>> = {
  published: () => "verified by its published sha256",
  given: () => "verified by --sha256; not by what its authors publish",
  "first download": ({ sha256 }) => `unverified: first download; from now on it must be sha256 ${sha256}`,
};

/** Writes which file came, where it lies, and what it was checked against. */
export function pulledText(record: PullRecord, home: string): string {
  const places = record.places.map(({ path }) => join(home, path)).join(", ");
  return `${record.id}: ${places} (${megabytes(record.bytes)}), ${trusts[record.trust](record)}`;
}

/**
 * Writes licence and size of each file, before its first byte comes. Where several were named and some of them come, a last
 * line says how many and how large they are together.
 */
export function arrivalsText(all: readonly Arrival[]): readonly string[] {
  const lines = all.map(arrivalText);
  const coming = all.filter(({ here }) => !here).map(({ file }) => file);
  if (all.length < 2 || coming.length === 0) return lines;
  return [...lines, `${coming.length} of ${all.length} files to bring: ${totalText(coming)}`];
}

function arrivalText({ file, here, partBytes }: Arrival): string {
  const { id, licence = "not stated with the file", terms } = file;
  const restriction = terms === undefined ? "" : ` (${terms.summary}; ${terms.url})`;
  const part = partBytes === undefined ? "" : `, goes on after ${megabytes(partBytes)}`;
  return `${id}: licence ${licence}${restriction}, ${here ? "here already" : `${sizeText(file)}${part}`}`;
}

/** Writes where the files of a dataset group lie, for the option that reads them. */
export function groupPlaces(items: readonly PullItem[], home: string): readonly string[] {
  const groups = new Set(items.flatMap(({ group }) => group ?? []));
  return [...groups].map((group) => `${group}: ${join(home, "datasets", group)}, for --data or --boxes`);
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

/** Writes how much of all published files is here. */
export function heldText(entries: readonly InventoryEntry[]): string {
  return megabytes(entries.reduce((sum, { held }) => sum + held, 0));
}

export function removedText(id: string, bytes: number): string {
  return bytes === 0 ? `${id}: was not here` : `${id}: removed, ${megabytes(bytes)}`;
}
