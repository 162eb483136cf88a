import type { SearchPicture } from "../../report/charts/own/search.ts";
import type { Candidate, SearchOutcome } from "../../search/check.ts";
import type { SearchSettings } from "../../search/request.ts";
import { plainTable } from "./plainTable.ts";

/** Writes what `bench search` prints of its outcome. */
export function searchText({ winner, uniform, whole, gain, looked, preset }: SearchOutcome, chart: string): string {
  const row = (name: string, { values, latency, measured, seen, unseen }: Candidate) => [
    name,
    values.join(" "),
    latency.toFixed(3),
    measured.toFixed(3),
    percent(seen.value),
    unseen === undefined ? "" : `${percent(unseen.value)} (n ${unseen.n})`,
  ];
  const head = ["", "ratios", "latency by parts", "measured", `mIoU % seen (n ${winner.seen.n})`, "mIoU % unseen"];
  return [
    plainTable(head, [row("winner", winner), row("uniform", uniform), row("whole", whole)]),
    "",
    `best of ${looked} configurations; latencies are over the whole encoder's`,
    ...gainText(gain),
    `preset: ${preset}`,
    `chart:  ${chart}`,
  ].join("\n");
}

function gainText(gain: SearchOutcome["gain"]): readonly string[] {
  if (gain === undefined) return [];
  const interval = gain.low === undefined ? "" : `, 95 % interval ${percent(gain.low)} to ${percent(gain.high!)}`;
  return [`winner less uniform on unseen images: ${percent(gain.value)} points of mIoU${interval}`];
}

function percent(value: number): string {
  return (100 * value).toFixed(2);
}

/** Returns what the chart of a search shows and says. */
export function searchPicture(outcome: SearchOutcome, { latency }: SearchSettings): SearchPicture {
  const { winner, uniform, whole, points, looked } = outcome;
  const named = [
    { name: "winner", candidate: winner },
    { name: "uniform", candidate: uniform },
    { name: "whole", candidate: whole },
  ].map(({ name, candidate: { id, latency: at, seen } }) => ({ name, id, latency: at, fitness: seen.value }));
  return {
    title: `Settings of ${winner.id.slice(0, winner.id.lastIndexOf("/"))}`,
    subtitle: `${looked} configurations from ${latency.from.toFixed(2)} to ${latency.to} of the encode time; ${winner.seen.n} instances`,
    points,
    named,
  };
}
