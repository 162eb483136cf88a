import type { Profile, ProfileEntry } from "../../../profile/profile.ts";
import type { BarsPicture, IciclePicture } from "../../../report/charts/profile/picture.ts";
import { wrap } from "../../../report/table/formats/layout.ts";
import { fallbackText } from "../../../results/fallbacks.ts";
import { processor } from "../../../store/rowName.ts";
import { type FittedColumn, fittedTable } from "../fittedTable.ts";

/** Number of the slowest things that are named above the tables. */
const named = 3;

/** Width of prose where there is no terminal. */
const proseWidth = 120;

interface Shown {
  readonly width: number | undefined;
  readonly layers: "all" | "none";
}

/** Writes a profile: first how long a run takes and what takes most of it, then the tables. */
export function profileText(profile: Profile, { width, layers }: Shown): string {
  const { blocks, operators } = profile;
  const table = (entries: readonly ProfileEntry[], title: string) => fittedTable(columnsOf(entries, title), width);
  const parts = [
    answer(profile, width ?? proseWidth),
    table(blocks, "block"),
    ...(layers === "all" ? [table(profile.layers, "layer")] : []),
    table(operators, "operator"),
    foot(profile, width ?? proseWidth),
  ];
  return parts.join("\n\n");
}

/**
 * Returns what the icicle of a profile shows: the medians of its parts, and as much beside them as is unexplained. The median of
 * whole runs may be that of a run in which other parts were slow than in the others.
 */
export function icicleOf(profile: Profile): IciclePicture {
  const { leaves, inNodes } = profile;
  const explainedMs = leaves.reduce((sum, { timeMs }) => sum + timeMs, 0);
  return { title: titleOf(profile), subtitle: runText(profile), leaves, runMs: explainedMs / inNodes.median };
}

/** Returns what the bars of a profile show. */
export function barsOf(profile: Profile): BarsPicture {
  const { blocks, ceilings } = profile;
  const subtitle = `dark: the time at the ${ratesText(ceilings)} that large products reach on this machine`;
  return { title: titleOf(profile), subtitle, blocks };
}

function titleOf({ variant, part }: Profile): string {
  return `Where the time of ${variant} goes: its ${part}`;
}

function answer(profile: Profile, width: number): string {
  const { variant, part, provider, inNodes, ceilings, alike, assignment } = profile;
  const sentences = [
    `${variant}, ${part}: ${runText(profile)}`,
    `${percent(inNodes.median)} % of it in nodes, ${percent(1 - inNodes.median)} % unexplained; large products reach ${ratesText(ceilings)} here`,
    ...(provider === processor ? [] : [`on ${provider}: ${fallbackText(assignment)}`, timesText(profile)]),
    ...alike.slice(0, named).map((entry, i) => `${i + 1}. ${entry.name}: ${costText(entry)}`),
  ];
  return sentences.map((sentence) => wrap(sentence, width, "   ")).join("\n");
}

/** Says what the times of nodes are, on another provider than the processor. */
function timesText({ times }: Profile): string {
  return times === "work"
    ? "times are the device's own of its kernels; copies and handing work over are in what is unexplained"
    : "the device times nothing: a node has the time in which its work was handed over, and a copy back waits for all before it";
}

function runText({ run: { median, q1, q3, n }, gmacs, threads }: Profile): string {
  const spread = `median of ${n} runs, quartiles ${ms(q1)} to ${ms(q3)}`;
  return `${ms(median)} ms (${spread}), ${gmacs.toPrecision(3)} GMACs, ${threads} threads`;
}

function ratesText({ fp32, int8 }: Profile["ceilings"]): string {
  const rate = `${fp32.toFixed(0)} GMAC/s in fp32`;
  return int8 === undefined ? rate : `${rate} and ${int8.toFixed(0)} in int8`;
}

function costText({ timeMs, share, gmacsPerSecond, ofCeiling }: ProfileEntry): string {
  const time = `${ms(timeMs)} ms, ${percent(share)} %`;
  if (gmacsPerSecond === undefined) return time;
  return `${time}, at ${gmacsPerSecond.toFixed(0)} GMAC/s, ${percent(ofCeiling!)} % of what the machine reaches`;
}

function columnsOf(entries: readonly ProfileEntry[], title: string): readonly FittedColumn[] {
  const column = (header: string, cellOf: (entry: ProfileEntry) => string, leaves?: number): FittedColumn => ({
    header,
    cells: entries.map(cellOf),
    leaves,
  });
  const optional = (value: number | undefined, write: (value: number) => string) =>
    value === undefined ? "" : write(value);
  return [
    column(title, ({ name }) => name),
    column("time ms", ({ timeMs }) => ms(timeMs)),
    column("share %", ({ share }) => percent(share)),
    column("GMACs", ({ gmacs }) => (gmacs === 0 ? "" : gmacs.toFixed(gmacs < 1 ? 3 : 1)), 3),
    column("GMAC/s", ({ gmacsPerSecond }) => optional(gmacsPerSecond, (rate) => rate.toFixed(rate < 10 ? 1 : 0)), 2),
    column("% of ceiling", ({ ofCeiling }) => optional(ofCeiling, percent), 4),
    column("live MB", ({ liveBytes }) => (liveBytes / 1e6).toFixed(1), 5),
    column("nodes", ({ nodes }) => String(nodes), 1),
  ];
}

function foot({ plain, profiled, cost, stage, inNodes, blocks }: Profile, width: number): string {
  const { value, low, high } = cost;
  const interval = low === undefined ? "" : ` (95 % interval ${low.toFixed(3)} to ${high!.toFixed(3)})`;
  const isAbove = blocks.some(({ ofCeiling = 0 }) => ofCeiling > 1);
  const sentences = [
    `the ${stage} takes ${ms(plain.median)} ms without the profile and ${ms(profiled.median)} ms with it, ${value.toFixed(3)} times as long${interval}, n ${inNodes.n}, by turns in two processes`,
    "time and share: medians over the runs; ceiling: the time at the rate that large products reach, over the time taken",
    "live MB: computed from live tensors, not measured: the most that is alive while a node of the row runs, without weights",
    ...(isAbove
      ? ["above 100 %: other work slowed the products that gave the ceiling; profile again on a quiet machine"]
      : []),
    "blocks.*: the layer of that name in all blocks together",
    "a node without weights counts to the module about it; names are the checkpoint's, or the file's own",
  ];
  return sentences.map((sentence) => wrap(sentence, width, "  ")).join("\n");
}

function ms(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
