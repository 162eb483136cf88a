import type { PublishedRecord } from "../../../history/record.ts";
import { rowName } from "../../../store/rowName.ts";
import { plainTable } from "../plainTable.ts";

/** A result of `bench publish`: the file that holds it, and whether this command wrote it. */
export interface PublishedResult {
  readonly file: string;
  readonly record: PublishedRecord;
  readonly state: "written" | "here before";
}

/** Writes a line for each result, and below why a part of one is missing. */
export function publishedText(published: readonly PublishedResult[]): string {
  const rows = published.map(({ file, record, state }) => [
    rowName(record),
    record.run.id,
    commitText(record),
    state,
    file,
  ]);
  return [plainTable(["variant", "run", "commit", "", "file"], rows), ...gaps(published)].join("\n");
}

/** Writes the beginning of a commit's hash, and whether there were changes that it has not. */
export function commitText({ commit }: PublishedRecord): string {
  return commit === undefined ? "–" : `${commit.hash.slice(0, 7)}${commit.dirty === true ? " dirty" : ""}`;
}

function gaps(published: readonly PublishedResult[]): readonly string[] {
  return published.flatMap(({ record }) => {
    const { run, weights, latency } = record;
    if (run.only !== undefined) return [`${run.id}: ${run.only} alone was measured`];
    if (weights.source === "seeded") return [`${run.id}: no accuracy, because its weights are seeded`];
    return Object.keys(latency).length === 0 ? [`${run.id}: no latency was measured`] : [];
  });
}
