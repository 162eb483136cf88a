import { canonicalJson, sha256 } from "../store/canonical.ts";
import { rowName } from "../store/rowName.ts";
import { figuresIn, type HistoryFigure, type MeasuredFigure } from "./figures.ts";
import type { PublishedRecord } from "./record.ts";
import type { HistoryResult } from "./results.ts";

/** A condition under which figures stand in one column: its name in a sentence, and its value as text. */
export interface Condition {
  readonly name: string;
  readonly value: string;
}

/** A result with the figure that is shown of it. */
export interface HistoryPoint extends HistoryResult {
  readonly figure: MeasuredFigure;
}

/** Figures that may be compared with each other, oldest first: all of their conditions are equal. */
export interface HistoryColumn {
  /** Name of the row in tables: it is the variant's id, with the name of its checkpoint. */
  readonly row: string;
  readonly figure: HistoryFigure;
  readonly conditions: readonly Condition[];
  /** Names of the conditions in which it differs from another column of the same figure and row. */
  readonly differs: readonly string[];
  readonly points: readonly HistoryPoint[];
}

/** Returns a column for each figure, row and set of conditions, in the order of the figures and then of the first result. */
export function columnsOf(
  results: readonly HistoryResult[],
  figures: (record: PublishedRecord) => readonly string[],
): readonly HistoryColumn[] {
  const columns = new Map<string, HistoryPoint[]>();
  for (const result of results) {
    const asked = figures(result.record);
    for (const figure of figuresIn(result.record).filter(({ name }) => asked.includes(name))) {
      const key = canonicalJson([rowName(result.record), figure.name, conditionsOf(result.record, figure)]);
      columns.set(key, [...(columns.get(key) ?? []), { ...result, figure }]);
    }
  }
  const made = [...columns.values()].map((points) => columnOf(points));
  const ordered = made.toSorted((a, b) => (a.row < b.row ? -1 : a.row > b.row ? 1 : placeOf(a) - placeOf(b)));
  return ordered.map((column) => ({ ...column, differs: differingFrom(column, ordered) }));
}

const kinds = ["accuracy", "latency", "memory"] as const;

function placeOf({ figure }: HistoryColumn): number {
  return kinds.indexOf(figure.kind);
}

function columnOf(points: readonly HistoryPoint[]): HistoryColumn {
  const [{ record, figure }] = points as readonly [HistoryPoint, ...HistoryPoint[]];
  const { name, kind, unit, better, prompts, metric } = figure;
  return {
    row: rowName(record),
    figure: { name, kind, unit, better, prompts, metric },
    conditions: conditionsOf(record, figure),
    differs: [],
    points,
  };
}

function differingFrom(column: HistoryColumn, all: readonly HistoryColumn[]): readonly string[] {
  const others = all.filter(
    (each) => each !== column && each.row === column.row && each.figure.name === column.figure.name,
  );
  return column.conditions.flatMap(({ name, value }, i) =>
    others.some(({ conditions }) => conditions[i]?.value !== value) ? [name] : [],
  );
}

/**
 * Returns all that has to be equal. The weights' hash is not among it, nor is the variant's code: they are what a commit changes.
 * Seeded weights, a checkpoint and the nano weights never share a column.
 */
function conditionsOf(record: PublishedRecord, figure: HistoryFigure): readonly Condition[] {
  const { weights, data } = record;
  const common = [
    { name: "weights", value: weights.source === "none" ? "no weights" : `${weights.source} weights` },
    { name: "data", value: `${data.id} ${data.fingerprint.slice(0, 12)}` },
    { name: "images", value: imagesText(data.images, figure) },
    { name: "seed", value: `seed ${record.seed}` },
  ];
  return [...common, ...(figure.kind === "accuracy" ? scoring(record, figure) : machine(record))];
}

/** Names the images: accuracy is about those that finished, and latency is measured on the planned ones. */
function imagesText(
  { finished, planned, sha256: ids, plannedSha256 }: PublishedRecord["data"]["images"],
  { kind }: HistoryFigure,
): string {
  if (kind !== "accuracy") return `${planned} images ${plannedSha256.slice(0, 7)}`;
  return `${finished}${finished === planned ? "" : ` of ${planned}`} images ${ids.slice(0, 7)}`;
}

function scoring({ prompts }: PublishedRecord, { prompts: name, metric }: HistoryFigure): readonly Condition[] {
  const { protocol, rows, metrics } = prompts[name!]!;
  return [
    { name: "protocol", value: protocol },
    { name: "code of the rows", value: rows.slice(0, 12) },
    { name: "code of the metric", value: metrics[metric!]!.code.slice(0, 12) },
  ];
}

function machine({ machine, runtime, program, measured }: PublishedRecord): readonly Condition[] {
  const { cpu, limits, os, gpus = [] } = machine;
  const flags = sha256(canonicalJson(cpu.flags.toSorted())).slice(0, 7);
  const gpu = runtime.provider === "cpu" ? "no GPU" : gpus.map(({ name, driver }) => `${name} (${driver})`).join(", ");
  return [
    { name: "processor", value: `${cpu.model}, ${limits.cores ?? cpu.cores} cores` },
    { name: "processor's features", value: `features ${flags}` },
    { name: "GPU", value: gpu },
    { name: "system", value: `${os.platform} ${os.arch}` },
    { name: "Node", value: `Node ${machine.node.replace(/^v/, "")}` },
    { name: "threads", value: `${runtime.threads} threads` },
    { name: "provider", value: program ?? `${runtime.provider}, ONNX Runtime ${runtime.onnxruntime}` },
    { name: "runtime's settings", value: `${runtime.graphOptimization}${runtime.spinning ? ", spinning" : ""}` },
    { name: "warm-up", value: `${measured.warmup} of warm-up` },
    { name: "code that measures", value: measured.code.slice(0, 12) },
  ];
}
