import type { FigureColumn, Metric } from "../../api.ts";
import { absentNames, figureIn, type RunReport, type Score, type Stage, sameConditions } from "../../results/report.ts";
import type { LatencySummary } from "../../stats/summary.ts";
import { type Column, none } from "./grid.ts";
import { intervalText, scaledInterval, threeDigits } from "./intervalText.ts";

/** Builds the columns of result tables. It is the only place where figures become text. */

/** Returns the columns that name a row: the variant, with a mark where its run is not finished, and its weights. */
export function nameColumns(reports: readonly RunReport[]): readonly Column[] {
  return [
    {
      header: ["variant"],
      align: "left",
      cells: reports.map(({ variant, status }) => (status === "done" ? variant : `${variant} †`)),
    },
    { header: ["weights"], align: "left", cells: weightsCells(reports) },
  ];
}

/**
 * Says what the weights of each row are, and for a floor what it does without any. Where one variant has several rows, the
 * cell names the file, and the beginning of its hash where two files have one name.
 */
function weightsCells(reports: readonly RunReport[]): readonly string[] {
  const shared = sharedFileNames(reports);
  return reports.map((report) => {
    const { variant, weights, weightsLabel, weightsSha256, role, title } = report;
    if (role === "floor") return `floor: ${title}`;
    const others = reports.filter((other) => other.variant === variant && other.weights === weights);
    if (others.every((other) => other.weightsSha256 === weightsSha256)) return weights;
    return shared.has(weightsLabel) ? `${weightsLabel} ${weightsSha256!.slice(0, 8)}` : weightsLabel;
  });
}

/** Returns the file names that stand for files of different content. */
export function sharedFileNames(reports: readonly RunReport[]): ReadonlySet<string> {
  const hashes = new Map<string, Set<string>>();
  for (const { weightsLabel, weightsSha256 } of reports)
    if (weightsSha256 !== undefined)
      hashes.set(weightsLabel, (hashes.get(weightsLabel) ?? new Set()).add(weightsSha256));
  return new Set([...hashes].filter(([, found]) => found.size > 1).map(([name]) => name));
}

/**
 * Returns the columns of papers: size, multiply-accumulates, latency, memory. Speed-ups are over the row `base`; without it,
 * where there is no second row to compare, there are none.
 */
export function efficiencyColumns(reports: readonly RunReport[], base: RunReport | undefined): readonly Column[] {
  const column = (header: readonly string[], cellOf: (report: RunReport) => string | undefined) =>
    numberColumn(header, reports, cellOf);
  const columns = [
    column(["parameters", "M"], ({ parameters }) => scaled(parameters, 1e-6)),
    column(["GMACs", "encode"], ({ referenceGmacs }) => scaled(referenceGmacs?.encode)),
    column(["GMACs", "decode"], ({ referenceGmacs }) => scaled(referenceGmacs?.decode)),
    column(
      ["bit operations", "T (saved)"],
      ({ theory }) => theory && savedText(theory.bitOperations, theory.floatBitOperations, 1e-12),
    ),
    column(
      ["storage", "MB (saved)"],
      ({ theory }) => theory && savedText(theory.storageBytes, theory.floatStorageBytes, 1e-6),
    ),
    // Beside the multiply-accumulates, so that what a method saves on paper and what it saves show together.
    column(["speed-up", "measured ×"], (report) => scaled(speedUp(report, base))),
    latencyColumn("encode", reports),
    latencyColumn("decode", reports),
    column(["total", "ms"], (report) => scaled(totalMs(report))),
    column(["decode + upscale", "ms"], (report) => (mixesUpscaling(reports) ? scaled(maskMs(report)) : undefined)),
    column(
      ["memory", "peak MB"],
      ({ modelMemory }) => modelMemory && megabytes(Math.max(...Object.values(modelMemory))),
    ),
    column(["GPU memory", "peak MB"], ({ gpuMemory }) => gpuMemory && megabytes(Math.max(...Object.values(gpuMemory)))),
    column(["prompts", "/s"], ({ promptsPerSecond }) => scaled(promptsPerSecond)),
    ...everythingColumns(reports),
  ];
  // What a run of an earlier version lacks stays in the table, so that the reason below it has a place to point at.
  const lacked = reports.flatMap(({ absent = {} }) => Object.keys(absent));
  return filled(
    columns,
    lacked.flatMap((field) => absentNames[field] ?? []),
  );
}

/**
 * Returns how long an image takes in everything mode: a column for each prompts name, with the median and the number of
 * images.
 */
function everythingColumns(reports: readonly RunReport[]): readonly Column[] {
  const names = [...new Set(reports.flatMap(({ everything }) => Object.keys(everything)))];
  return names.map((name) => {
    const counts = new Set(reports.flatMap(({ everything }) => everything[name]?.n ?? []));
    const together = counts.size === 1;
    return numberColumn(
      ["everything", name, together ? `s/image (n ${[...counts].join()})` : "s/image (n)"],
      reports,
      ({ everything: { [name]: summary } }) =>
        summary && `${scaled(summary.median, 1e-3)}${together ? "" : ` (${summary.n})`}`,
    );
  });
}

/** Returns the metrics that the reports know; reports of one command know the same. */
export function metricsIn(reports: readonly RunReport[]): readonly Metric[] {
  return reports[0]?.metrics ?? [];
}

/**
 * Returns the figures of each prompts name and protocol with their intervals. The header gives n where all rows share it.
 */
export function accuracyColumns(reports: readonly RunReport[]): readonly Column[] {
  const columns = metricsIn(reports).flatMap((metric) => metric.columns);
  return scoredPrompts(reports).flatMap((prompts) => figureColumns(columns, prompts, reports));
}

/** Returns the columns for which a report has a figure. */
function figureColumns(
  columns: readonly FigureColumn[],
  { name, protocol, shared }: ScoredPrompts,
  reports: readonly RunReport[],
): readonly Column[] {
  return columns
    .map(({ id, title }) => ({ title, figureOf: ({ prompts }: RunReport) => figureIn(prompts[name], protocol, id) }))
    .filter(({ figureOf }) => reports.some((report) => figureOf(report) !== undefined))
    .map(({ title, figureOf }) => scoreColumn([title, shared ? `${name}, ${protocol}` : name], reports, figureOf));
}

/**
 * Returns the columns that the first table has no room for: the other stages, memory by stage, files of the graphs,
 * accuracy by size.
 */
export function detailColumns(reports: readonly RunReport[]): readonly (readonly Column[])[] {
  const column = (header: readonly string[], cellOf: (report: RunReport) => string | undefined) =>
    numberColumn(header, reports, cellOf);
  const files = [
    column(["executed GMACs", "encode"], ({ executedGmacs }) => scaled(executedGmacs?.encode)),
    column(["executed GMACs", "decode"], ({ executedGmacs }) => scaled(executedGmacs?.decode)),
    column(["constants", "M"], ({ graph }) => scaled(graph?.constants, 1e-6)),
    column(["files", "MB"], ({ graph }) => graph && megabytes(graph.fileBytes)),
    ...(["load", "encode", "decode"] as const).map((stage) =>
      column([stage, "peak MB"], ({ modelMemory }) => modelMemory && megabytes(modelMemory[stage])),
    ),
    column(["harness", "peak MB"], ({ harnessMemory }) =>
      harnessMemory === undefined ? undefined : megabytes(harnessMemory),
    ),
    latencyColumn("prepare", reports),
    latencyColumn("upscale", reports),
  ];
  const parts = metricsIn(reports).flatMap((metric) => metric.parts ?? []);
  return [filled(files), ...scoredPrompts(reports).map((prompts) => figureColumns(parts, prompts, reports))];
}

export interface ScoredPrompts {
  readonly name: string;
  readonly protocol: string;
  /** Tells whether the name stands for another protocol in another row. */
  readonly shared: boolean;
}

/** Returns the prompts that have figures, by protocol: figures of two protocols never stand in one column. */
export function scoredPrompts(reports: readonly RunReport[]): readonly ScoredPrompts[] {
  const pairs = new Map<string, { readonly name: string; readonly protocol: string }>();
  const columns = metricsIn(reports).flatMap((metric) => metric.columns);
  for (const { prompts } of reports)
    for (const [name, { protocol, ...figures }] of Object.entries(prompts))
      if (columns.some(({ id }) => figures[id] !== undefined)) pairs.set(`${name} ${protocol}`, { name, protocol });
  const all = [...pairs.values()];
  return all.map((pair) => ({
    ...pair,
    shared: all.some(({ name, protocol }) => name === pair.name && protocol !== pair.protocol),
  }));
}

/** Returns the time of encode and decode together, as papers do; nothing where one was not measured. */
export function totalMs({ latency }: RunReport): number | undefined {
  return latency.encode && latency.decode && latency.encode.median + latency.decode.median;
}

/** Returns the time from a prompt to a mask at the size of the photo. */
function maskMs({ latency }: RunReport): number | undefined {
  return latency.decode && latency.decode.median + (latency.upscale?.median ?? 0);
}

/**
 * Tells whether some rows upscale their masks after decode, while the encode of others gives masks at the photo's size
 * already.
 */
export function mixesUpscaling(reports: readonly RunReport[]): boolean {
  const upscales = reports.flatMap(({ latency }) => (latency.decode ? [(latency.upscale?.median ?? 0) > 0] : []));
  return upscales.includes(true) && upscales.includes(false);
}

/**
 * Returns how many times faster a row is than the base; nothing between rows that were measured under different conditions.
 */
export function speedUp(report: RunReport, base: RunReport | undefined): number | undefined {
  const own = totalMs(report);
  const other = base && totalMs(base);
  if (own === undefined || other === undefined) return undefined;
  return sameConditions(report.conditions, base!.conditions) ? other / own : undefined;
}

function latencyColumn(stage: Stage, reports: readonly RunReport[]): Column {
  return numberColumn([stage, "ms [quartiles]"], reports, ({ latency }) => latency[stage] && quartiles(latency[stage]));
}

function scoreColumn(
  title: readonly string[],
  reports: readonly RunReport[],
  scoreOf: (report: RunReport) => Score | undefined,
): Column {
  const scores = reports.map(scoreOf);
  const counts = new Set(scores.flatMap((score) => (score === undefined ? [] : [score.n])));
  const together = counts.size === 1;
  return {
    header: [...title, together ? `% (n ${[...counts].join()})` : "% (n)"],
    align: "right",
    cells: scores.map((score) => (score === undefined ? none : `${percent(score)}${together ? "" : ` (${score.n})`}`)),
  };
}

function numberColumn(
  header: readonly string[],
  reports: readonly RunReport[],
  cellOf: (report: RunReport) => string | undefined,
): Column {
  return { header, align: "right", cells: reports.map((report) => cellOf(report) ?? none) };
}

/** Leaves out columns without a figure, unless their first header is among `kept`. */
function filled(columns: readonly Column[], kept: readonly string[] = []): readonly Column[] {
  return columns.filter(({ header, cells }) => kept.includes(header[0]!) || cells.some((cell) => cell !== none));
}

/** Writes two to three digits, and always all digits before the point. */
function scaled(value: number | undefined, factor = 1): string | undefined {
  if (value === undefined) return undefined;
  const number = value * factor;
  const size = Math.abs(number);
  if (size > 0 && size < 0.095) return number.toPrecision(2);
  return threeDigits(number);
}

/** Writes what is left of a whole, and in parentheses the share that is saved. */
function savedText(left: number, whole: number, factor: number): string {
  return `${scaled(left, factor)} (${(100 * (1 - left / whole)).toFixed(1)} %)`;
}

/** Writes bytes in MB of 10^6 bytes. */
function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function quartiles({ median, q1, q3 }: LatencySummary): string {
  return `${scaled(median)} [${scaled(q1)}–${scaled(q3)}]`;
}

function percent(score: Score): string {
  return intervalText(scaledInterval(score, 100), 1);
}
