import { unitOf } from "../../metrics/index.ts";
import { startStages } from "../../results/machine/coldStart.ts";
import { stages } from "../../results/report/times.ts";
import type { RunReport, Score } from "../../results/report.ts";
import type { LatencySummary } from "../../stats/summary.ts";
import { totalMs } from "./columns/columns.ts";
import { type ColumnChoice, resultColumns } from "./columns/resultColumns.ts";
import { adviceLines, footLines, type LeftOut, rowNotes, warningLines } from "./foot.ts";
import type { Grid, GridNote } from "./grid.ts";
import { titleOf } from "./headLines.ts";
import { markedColumns } from "./marking.ts";
import { baseOf } from "./tables.ts";

interface GridOptions {
  readonly leftOut?: readonly LeftOut[];
  readonly columns?: ColumnChoice | undefined;
}

/** Returns the table of runs on one dataset for any format: the chosen columns, with what they mean as notes. */
export function resultGrid(reports: readonly RunReport[], { leftOut = [], columns = "wide" }: GridOptions = {}): Grid {
  const base = baseOf(reports);
  const protocols = [
    ...new Set(reports.flatMap(({ prompts }) => Object.values(prompts).map(({ protocol }) => protocol))),
  ];
  const shown = markedColumns(resultColumns(reports, base, columns), reports);
  const screenOnly = new Set(rowNotes(reports));
  return {
    id: `results-${reports[0]!.dataset}`,
    title: `Results on ${titleOf(reports[0]!)}`,
    subtitle: protocols.length === 0 ? "latency and memory" : `protocols: ${protocols.join(", ")}`,
    columns: shown,
    notes: [
      ...footLines(reports, base).map((text) => {
        const note = noteOf(text);
        return screenOnly.has(text) || isAboutOthers(note, shown) ? onScreen(note) : note;
      }),
      ...adviceLines(reports).map(noteOf).map(onScreen),
      ...leftOut.map(leftOutNote).map(onScreen),
      ...warningLines(reports)
        .map(({ text }): GridNote => ({ label: "warning", text, kind: "prose" }))
        .map(onScreen),
    ],
  };
}

function noteOf(line: string): GridNote {
  const at = line.search(/: | /);
  // A mark is told from a subject by its length: `†`.
  const [label, text] = at < 2 ? [line.slice(0, at), line.slice(at + 1)] : splitAt(line, line.indexOf(": "));
  return { label, text, kind: "prose" };
}

function splitAt(line: string, colon: number): [string, string] {
  return colon < 0 ? ["note", line] : [line.slice(0, colon), line.slice(colon + 2)];
}

function leftOutNote({ variant, reason, command }: LeftOut): GridNote {
  return { label: "left out", text: `${variant}, ${reason}: ${command}`, kind: "prose" };
}

function onScreen(note: GridNote): GridNote {
  return { ...note, screenOnly: true };
}

/** The beginnings of ids of the columns that a note with such a label is about. */
const subjects: Readonly<Record<string, readonly string[]>> = {
  "speed-up": ["speed-up"],
  "prompts /s": ["prompts"],
  memory: ["memory"],
  "GPU memory": ["gpu-memory"],
  "cold start": ["start-"],
  energy: ["energy", "power"],
  everything: ["everything"],
  "everything by stage": ["everything"],
  GMACs: ["gmacs", "executed-gmacs"],
  "bit operations, storage": ["bit-operations", "storage"],
};

/** Tells whether a note explains columns of which none is in the table. */
function isAboutOthers({ label }: GridNote, columns: readonly { readonly id: string }[]): boolean {
  const ids = subjects[label];
  return ids !== undefined && !columns.some(({ id }) => ids.some((each) => id.startsWith(each)));
}

const header = ["run", "variant", "weights", "dataset", "images", "prompts", "protocol", "figure", "unit"] as const;

/** Returns one record for each figure, for programs: both bounds, plain units. The first record holds the names. */
export function resultRecords(reports: readonly RunReport[]): readonly (readonly (string | number | undefined)[])[] {
  return [
    [...header, "value", "low", "high", "n"],
    ...reports.flatMap((report) => {
      const { id, variant, weights, dataset, images } = report;
      const names = [id, variant, weights, dataset, images.finished];
      return figuresOf(report).map((figure) => [...names, ...figure]);
    }),
  ];
}

type FigureRecord = readonly (string | number | undefined)[];

function figuresOf(report: RunReport): readonly FigureRecord[] {
  const { parameters, referenceGmacs, executedGmacs, theory, modelMemory, harnessMemory } = report;
  const { promptsPerSecond, latency, coldStart, energy, prompts } = report;
  const plain = (figure: string, unit: string, value: number | undefined): FigureRecord[] =>
    value === undefined ? [] : [[undefined, undefined, figure, unit, value, undefined, undefined, undefined]];
  return [
    ...plain("parameters", "", parameters),
    ...plain("reference-gmacs-encode", "GMACs", referenceGmacs?.encode),
    ...plain("reference-gmacs-decode", "GMACs", referenceGmacs?.decode),
    ...plain("executed-gmacs-encode", "GMACs", executedGmacs?.encode),
    ...plain("executed-gmacs-decode", "GMACs", executedGmacs?.decode),
    ...plain("bit-operations", "", theory?.bitOperations),
    ...plain("bit-operations-float", "", theory?.floatBitOperations),
    ...plain("storage", "bytes", theory?.storageBytes),
    ...plain("storage-float", "bytes", theory?.floatStorageBytes),
    ...stages.flatMap((stage) => summaryRecords(`latency-${stage}`, latency[stage])),
    ...plain("latency-total", "ms", totalMs(report)),
    ...everythingRecords(report),
    ...startStages.flatMap((stage) => summaryRecords(`start-${stage}`, coldStart?.stages[stage])),
    ...plain("energy", "J", energy?.joules),
    ...plain("power", "W", energy?.watts),
    ...plain("power-idle", "W", energy?.idleWatts),
    ...plain("prompts-per-second", "/s", promptsPerSecond),
    ...Object.entries(modelMemory ?? {}).flatMap(([stage, bytes]) => plain(`memory-${stage}`, "bytes", bytes)),
    ...plain("memory-harness", "bytes", harnessMemory),
    ...Object.entries(prompts).flatMap(([name, { protocol, ...figures }]) =>
      Object.entries(figures).flatMap(([id, figure]): FigureRecord[] =>
        typeof figure === "object"
          ? [scoreRecord([name, protocol, recordName(report, id), unitOf(figure)], figure)]
          : [],
      ),
    ),
  ];
}

/** Returns the time of an image in everything mode, its stages and the peaks in them, with the prompts that they are of. */
function everythingRecords({ everything, everythingStages = {} }: RunReport): readonly FigureRecord[] {
  const whole = Object.entries(everything).flatMap(([name, summary]) => summaryRecords("everything", summary, name));
  const parts = Object.entries(everythingStages).flatMap(([name, { ms, peakBytes }]) => [
    ...Object.entries(ms).flatMap(([stage, summary]) => summaryRecords(`everything-${stage}`, summary, name)),
    ...Object.entries(peakBytes).map(
      ([stage, bytes]): FigureRecord => [
        ...[name, undefined, `everything-memory-${stage}`, "bytes", bytes],
        ...[undefined, undefined, undefined],
      ],
    ),
  ]);
  return [...whole, ...parts];
}

/** Returns the record of a time; its bounds are its quartiles. */
function summaryRecords(
  figure: string,
  summary: LatencySummary | undefined,
  prompts?: string,
): readonly FigureRecord[] {
  if (summary === undefined) return [];
  const { median, q1, q3, n } = summary;
  return [[prompts, undefined, figure, "ms", median, q1, q3, n]];
}

/**
 * Returns the name of a figure in records. The part of a metric begins with the metric's headline, miou-small, which tells
 * it from parts of other metrics.
 */
function recordName({ metrics }: RunReport, id: string): string {
  const whole = metrics.find(({ parts = [] }) => parts.some((part) => part.id === id));
  return whole === undefined ? id : `${whole.headline}-${id}`;
}

function scoreRecord(names: readonly string[], { value, low, high, n }: Score): FigureRecord {
  return [...names, value, low, high, n];
}
