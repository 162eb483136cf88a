import type { RunReport } from "../../results/report.ts";
import { largest } from "../../stats/summary.ts";
import type { ResultColumn } from "./columns/resultColumns.ts";

export type Warning = RunReport["warnings"][number];
type Ask = NonNullable<Warning["ask"]>;

/** Warnings that ask for the same, and the sentence that says it for all of them. */
export interface WarningGroup {
  readonly ask?: Ask | undefined;
  readonly text: string;
  /** Number of rows that one of the warnings is about. */
  readonly rows: number;
  readonly warnings: readonly OwnedWarning[];
}

interface OwnedWarning {
  /** Ids of the runs that it is about, which are rows: one variant may have several. */
  readonly runs: readonly string[];
  readonly variants: readonly string[];
  readonly about: string;
  readonly text: string;
  readonly ask?: Ask | undefined;
  readonly cores?: Warning["cores"];
}

/** Asks in the order in which they matter: first what is missing from figures, then what makes figures wrong, then unsure. */
const order: readonly (Ask | undefined)[] = [
  ...(["mend", "resume", "quiet", "rest", "clock", "warmup", "rounds"] as const),
  undefined,
  ...(["merge", "processor"] as const),
];

/** Tells whether a warning is about the times of a machine that was not quiet; then one cause may show in several. */
const timing: ReadonlySet<Ask | undefined> = new Set(["quiet", "rest", "clock", "rounds", "warmup"]);

interface Counted {
  readonly rows: number;
  readonly warnings: readonly OwnedWarning[];
}

const sentences: Readonly<Record<Ask, (counted: Counted) => string>> = {
  mend: ({ rows }) => `images failed in ${rowsText(rows)} and are in no figure: mend the photos and run again`,
  resume: ({ rows }) =>
    `${rowsText(rows)} ${rows === 1 ? "is" : "are"} not finished: the same bench run goes on from there`,
  quiet: quietText,
  rest: ({ rows }) =>
    `the machine slowed down under ${rowsText(rows)}: let it rest, then run again with --phase latency`,
  clock: ({ rows }) =>
    `the processor's clock moved under ${rowsText(rows)}: set its governor to performance or let it cool, then run again with --phase latency`,
  warmup: ({ rows }) => `the first rounds of ${rowsText(rows)} were slower than the last: raise --warmup`,
  rounds: ({ rows }) => `latencies of ${rowsText(rows)} are unsure by 20 % or more: raise --rounds`,
  merge: ({ rows }) =>
    `${rowsText(rows)} ${rows === 1 ? "is a shard" : "are shards"}: bench merge makes whole runs of them`,
  processor: ({ rows }) => `${rowsText(rows)} in int8 ran without VNNI: judge their speed on a processor that has it`,
};

function rowsText(rows: number): string {
  return `${rows} row${rows === 1 ? "" : "s"}`;
}

/** Subject of warnings about the times of first starts, which tell nothing of the latencies beside them. */
const startsSubject = "cold start";

function quietText({ rows, warnings }: Counted): string {
  const [first] = warnings.flatMap(({ cores }) => cores ?? []);
  const busiest = largest(warnings.flatMap(({ cores }) => cores?.busy ?? []));
  const load = first === undefined ? "" : `: load ${busiest.toFixed(1)} on ${first.all} cores`;
  const starts = warnings.every(({ about }) => about === startsSubject);
  return `${starts ? "cold starts" : "latencies"} were measured beside other work${load}; treat ${rowsText(rows)} as upper bounds, or run again with --phase latency`;
}

/**
 * Groups warnings by what they ask for, the group that matters most first. A warning that asks for nothing is a group of its
 * own. Where other work is known to have run, unsure and drifting latencies of the same row ask for the same quiet machine.
 */
export function warningGroups(reports: readonly RunReport[]): readonly WarningGroup[] {
  const found = ownedWarnings(reports);
  const disturbed = new Set(
    found.filter(({ ask, about }) => ask === "quiet" && about !== startsSubject).flatMap(({ runs }) => runs),
  );
  const askOf = ({ ask, runs }: OwnedWarning) =>
    timing.has(ask) && runs.some((run) => disturbed.has(run)) ? "quiet" : ask;
  return order.flatMap((ask): readonly WarningGroup[] => {
    const warnings = found.filter((warning) => askOf(warning) === ask);
    if (ask === undefined) return warnings.map((warning) => groupOf(undefined, countedText(warning), [warning]));
    if (warnings.length === 0) return [];
    const rows = rowsOf(warnings);
    return [groupOf(ask, sentences[ask]({ rows, warnings }), warnings)];
  });
}

function groupOf(ask: Ask | undefined, text: string, warnings: readonly OwnedWarning[]): WarningGroup {
  return { ask, text, rows: rowsOf(warnings), warnings };
}

/** Returns the number of rows that one of these warnings is about. */
function rowsOf(warnings: readonly OwnedWarning[]): number {
  return new Set(warnings.flatMap(({ runs }) => runs)).size;
}

/** Returns the warnings in full with their subjects; a warning that several runs share is told once, with their names. */
export function warningLines(
  reports: readonly RunReport[],
): readonly { readonly about: string; readonly text: string }[] {
  return ownedWarnings(reports).map((warning) => ({ about: warning.about, text: namedText(warning) }));
}

/** Returns the group's sentence and behind it each warning in full. */
export function groupLines({ text, warnings }: WarningGroup): readonly string[] {
  const full = warnings.map(namedText);
  return full.length === 1 && full[0] === text ? [text] : [text, ...full];
}

/** Tells whether a warning of a run is about its figure in a column. */
export function isTouched({ id, kind }: Pick<ResultColumn, "id" | "kind">, { about }: Pick<Warning, "about">): boolean {
  const encodes = about === "latency" || about.endsWith(" encode");
  const decodes = about === "latency" || about.endsWith(" decode");
  if (id.startsWith("start-")) return about === startsSubject;
  if (id === "total") return encodes || decodes || about.endsWith(" total");
  if (id === "encode") return encodes;
  if (id === "decode") return decodes;
  return kind === "accuracy" && (about === "images" || about === "metrics");
}

function ownedWarnings(reports: readonly RunReport[]): readonly OwnedWarning[] {
  const found = new Map<string, OwnedWarning>();
  for (const { id, variant, warnings } of reports)
    for (const { about, text, ask, cores } of warnings) {
      const before = found.get(text);
      const runs = [...(before?.runs ?? []), id];
      const variants = [...new Set([...(before?.variants ?? []), variant])];
      found.set(text, { runs, variants, about, text, ask, cores });
    }
  return [...found.values()];
}

function namedText({ variants, text }: OwnedWarning): string {
  const named = variants.every((variant) => text.startsWith(variant));
  return named ? text : `${variants.join(", ")}: ${text}`;
}

/** Writes a warning of many rows with their number in place of their names. */
function countedText(warning: OwnedWarning): string {
  return warning.variants.length > 2 ? `${rowsText(warning.runs.length)}: ${warning.text}` : namedText(warning);
}
