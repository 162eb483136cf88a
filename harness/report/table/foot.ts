import type { Metric } from "../../api.ts";
import { type Stage, stages } from "../../results/report/times.ts";
import { absentNames, type RunReport } from "../../results/report.ts";
import { largest } from "../../stats/summary.ts";
import { metricsIn, mixesUpscaling, scoredPrompts, sharedFileNames } from "./columns/columns.ts";
import { layout, wrap } from "./formats/layout.ts";
import { conditionGroups, conditionsText, runtimeText } from "./headLines.ts";
import { intervalMeaning } from "./intervalText.ts";
import { groupLines, warningGroups } from "./warnings.ts";

export { warningLines } from "./warnings.ts";

/** A variant that was asked for among others and could not run, and what would change that. */
export interface LeftOut {
  readonly variant: string;
  readonly reason: string;
  readonly command: string;
}

interface FootContext {
  readonly base?: RunReport;
  readonly leftOut: readonly LeftOut[];
  readonly width: number;
}

/**
 * Writes what stands below a table: what its figures mean, what they were measured on, and what to know before believing
 * them.
 */
export function foot(reports: readonly RunReport[], { base, leftOut, width }: FootContext): string {
  const lines = [...footLines(reports, base), ...adviceLines(reports)].map((line) => wrap(line, width, "  "));
  return [lines.join("\n"), leftOutText(leftOut, width), warningsText(reports, width)]
    .filter((text) => text !== "")
    .join("\n\n");
}

/** Returns what the figures mean and were measured on, one line each: `subject: what there is to say`. */
export function footLines(reports: readonly RunReport[], base: RunReport | undefined): readonly string[] {
  return [
    ...latencyLines(reports, base),
    ...programLines(reports),
    ...accuracyLines(reports),
    ...boundLines(reports),
    ...weightsLines(reports),
    ...(reports.some(({ status }) => status !== "done") ? ["† not finished"] : []),
    ...rowNotes(reports),
    ...absentLines(reports),
    ...licenceLines(reports),
    ...creditLines(reports),
  ];
}

/** Returns what whoever runs the program may do next, one line each: `subject: what there is to say`. */
export function adviceLines(reports: readonly RunReport[]): readonly string[] {
  const bounds = scoredPrompts(reports).length === 0 ? [] : ["bounds: --json has both of each interval"];
  const unfinished = reports.some(({ status }) => status !== "done");
  return [...bounds, ...(unfinished ? ["unfinished: the warnings say why"] : []), ...aloneLines(reports)];
}

/**
 * Returns each licence that restricts the use of a row's weights, with the rows: a line that stands below every table, also
 * where other notes are left out.
 */
export function licenceLines(reports: readonly Pick<RunReport, "variant" | "weightsLicence">[]): readonly string[] {
  const variants = new Map<string, Set<string>>();
  for (const { variant, weightsLicence } of reports)
    if (weightsLicence !== undefined) {
      const { name, summary, url } = weightsLicence;
      const terms = `${name}, ${summary}: ${url}`;
      variants.set(terms, (variants.get(terms) ?? new Set<string>()).add(variant));
    }
  return [...variants].map(
    ([terms, names]) => `licence: the weights that the authors of ${[...names].join(", ")} publish are under ${terms}`,
  );
}

/** Returns the authors of photos and annotations: `subject: whose, under which licence`. */
export function creditLines(reports: readonly RunReport[]): readonly string[] {
  return [...new Set(reports.flatMap(({ credits }) => credits ?? []))];
}

/** Names what is counted: one line for each method. */
function energyLines(reports: readonly RunReport[]): readonly string[] {
  const methods = new Set(reports.flatMap(({ energy }) => energy?.method ?? []));
  return [...methods].map((method) => {
    const own = reports.flatMap(({ energy }) => (energy?.method === method ? [energy] : []));
    const images = own.map((each) => each.images);
    const count = [...new Set([Math.min(...images), Math.max(...images)])].join(" to ");
    return `energy: of one image's encode and decode, as in total, over ${count} images by ${method}; what the machine draws when idle is in it, and is the column power-idle`;
  });
}

function coldStartLine(reports: readonly RunReport[]): string {
  const counts = reports.flatMap(({ coldStart }) => coldStart?.stages["first-encode"]?.n ?? []);
  const n = [...new Set(counts)].join(" or ");
  const stayed = [...new Set(reports.flatMap(({ coldStart }) => coldStart?.stayed ?? []))];
  const absent =
    stayed.length === 0 ? "" : `; load cold is absent where files could not be dropped: ${stayed.join("; ")}`;
  return `cold start: medians of ${n} processes of each kind. library: the runtime's; load: the graphs' files read from the file cache, load cold: from the disk; create: sessions of graphs as they are, files read from the cache; optimise: what the runtime's optimisation adds to that; first encode, first decode: the first image and its first box. encode and decode are the steady state${absent}`;
}

function pageLines(reports: readonly RunReport[]): string[] {
  const pages = reports.flatMap(({ page }) => page ?? []);
  if (pages.length === 0) return [];
  const browsers = [...new Set(pages.map(({ browser }) => browser))].join(", ");
  const devices = [...new Set(pages.flatMap(({ device }) => device ?? []))].join(", ");
  const gpu = devices === "" ? "" : `, WebGPU on ${devices}`;
  return [
    `rows @web: computed by a page in ${browsers}${gpu}, prepared and upscaled there too; download: its scripts, the runtime and graphs, not compressed; first mask: from asking for the page until the first photo's first mask, once, where all comes from this machine; memory is that of the page's process, with WebGPU also of the browser's GPU process; page memory: what the browser says that the page holds, which it can not with several threads`,
  ];
}

function latencyLines(reports: readonly RunReport[], base: RunReport | undefined): string[] {
  const measured = reports.filter(({ latency }) => Object.keys(latency).length > 0);
  const lines = measured.length === 0 ? [] : [latencyLine(measured)];
  const groups = conditionGroups(measured);
  for (const group of groups) {
    const names = groups.length === 1 ? "" : `${group.reports.map(({ variant }) => variant).join(", ")}: `;
    lines.push(`${names}measured with ${conditionsText(group)}`);
  }
  if (base !== undefined) {
    const only = groups.length > 1 ? "; of rows measured under the same conditions" : "";
    lines.push(
      `speed-up: of the total, over ${base.variant}${only}; preparing the photo and upscaling the mask are not in it`,
    );
  }
  const batches = [...new Set(reports.flatMap(({ batchPrompts }) => batchPrompts ?? []))];
  if (batches.length > 0)
    lines.push(
      `prompts /s: box prompts decoded in one batch of ${batches.join(" or ")}; upscaling their masks is not in it`,
    );
  if (mixesUpscaling(reports))
    lines.push(
      "decode + upscale: from one box prompt to its mask at the photo's size; where encode gives masks already, upscaling is in encode",
    );
  const weighed = reports.filter(({ modelMemory }) => modelMemory !== undefined);
  if (weighed.length > 0) lines.push(memoryLine(weighed));
  if (reports.some(({ coldStart }) => coldStart !== undefined)) lines.push(coldStartLine(reports));
  lines.push(...energyLines(reports), ...pageLines(reports));
  if (reports.some(({ gpuMemory }) => gpuMemory !== undefined))
    lines.push("GPU memory: what the process held on the GPU after loading, encoding or decoding, as the driver tells");
  if (reports.some(({ everything }) => Object.keys(everything).length > 0))
    lines.push(
      "everything: median over n images, from the photo to the masks that stay, the encode of every crop included",
    );
  if (reports.some(({ everythingStages }) => everythingStages !== undefined))
    lines.push(
      "everything by stage: medians over the same images, whose stages sum up to the whole; filter is all that is neither prepare, encode, decode nor upscale. peak MB: of the process that makes the rows, the data set included; masks stands for upscale and filter, which go on in turns",
    );
  if (reports.some(({ referenceGmacs }) => referenceGmacs !== undefined))
    lines.push(
      "GMACs: 10^9 multiply-accumulates of the published architecture, or of what the method computes, for one image (encode) and one box prompt (decode); what the graphs here execute, fused and without padding, is another figure",
    );
  if (reports.some(({ theory }) => theory !== undefined))
    lines.push(
      "bit operations, storage: counted, not measured, of what a graph with integers multiplies and stores in them, and of the paper's scheme where a row simulates integers in float. 10^12 multiply-accumulates of the published graph times the bits of both factors, for one image and one box prompt; the weights with their scales, 10^6 bytes; in parentheses what float32 has more",
    );
  return lines;
}

function memoryLine(weighed: readonly RunReport[]): string {
  const own = weighed.every(({ external }) => external !== undefined)
    ? "the harness and the data set are not in it"
    : "Node, a thread that watches its parent (9 MB) and ONNX Runtime are in it, the data set is not (harness: of the worker, which holds that too)";
  return `memory: the highest peak of a process that holds the model and one photo alone, loading, encoding or decoding one box; ${own}; MB = 10^6 bytes`;
}

/** Returns a line for each row that another process answers: what it computes with, and the time that no stage holds. */
function programLines(reports: readonly RunReport[]): string[] {
  return reports.flatMap(({ variant, external, everything, modelMemory, conditions }) => {
    if (external === undefined) return [];
    const parts = [`${variant}: another process, ${runtimeText(conditions)}`];
    const { transfer } = external;
    if (transfer !== undefined)
      parts.push(
        "stages are by its own clock",
        `the way of pixels and masks took ${transfer.median.toFixed(1)} ms more (median, n = ${transfer.n})`,
      );
    if (modelMemory !== undefined) parts.push("memory is that of its own processes, without the harness");
    if (Object.keys(everything).length > 0) parts.push("its seconds an image hold the way of pixels and masks");
    return [parts.join("; ")];
  });
}

function latencyLine(measured: readonly RunReport[]): string {
  const counts = stages
    .filter((stage) => stage === "encode" || stage === "decode")
    .map((stage) => countOf(measured, stage));
  return `latency: median and quartiles of ${counts.join(" and ")}, one box prompt a decode; total is encode + decode`;
}

function countOf(measured: readonly RunReport[], stage: Stage): string {
  const counts = measured.flatMap(({ latency }) => latency[stage]?.n ?? []);
  const least = Math.min(...counts);
  const most = Math.max(...counts);
  return counts.length === 0 ? `no ${stage}` : `n = ${least === most ? least : `${least} to ${most}`} (${stage})`;
}

function accuracyLines(reports: readonly RunReport[]): string[] {
  const scored = scoredPrompts(reports);
  if (scored.length === 0) return [];
  const byProtocol = new Map<string, string[]>();
  for (const { name, protocol } of scored) byProtocol.set(protocol, [...(byProtocol.get(protocol) ?? []), name]);
  const protocols = [...byProtocol].map(([protocol, names]) => `${names.join(", ")} by ${protocol}`);
  const shown = shownMetrics(reports);
  const meanings = shown.flatMap(({ meaning }) => meaning ?? []);
  return [
    [...meanings, intervalMeaning].join("; "),
    `prompts: ${protocols.join("; ")}`,
    ...shown.flatMap(({ notes }) => notes ?? []),
  ];
}

/** Returns the metrics that have a figure in a column. */
function shownMetrics(reports: readonly RunReport[]): readonly Metric[] {
  const figures = new Set(reports.flatMap(({ prompts }) => Object.values(prompts).flatMap(Object.keys)));
  return metricsIn(reports).filter(({ columns }) => columns.some(({ id }) => figures.has(id)));
}

/** Returns lines on the bounds of accuracy: floors, which need no model, and the agreement between two people. */
function boundLines(reports: readonly RunReport[]): string[] {
  const floors = new Map(
    reports.flatMap(({ role, variant, title }) => (role === "floor" ? [[variant, title] as const] : [])),
  );
  const agreements = new Map(
    reports.flatMap(({ humanAgreement }) =>
      humanAgreement === undefined ? [] : [[humanAgreement.compared, humanAgreement]],
    ),
  );
  return [
    ...[...floors].map(
      ([variant, title]) =>
        `floor: ${variant} (${title}) answers without a look at the photo; a row below it does worse than no model`,
    ),
    ...[...agreements.values()].map(
      ({ meanIou, pairs, compared }) =>
        `human agreement: ${(100 * meanIou).toFixed(1)} % mIoU between two people's masks of the same things, ${pairs} pairs (${compared}). It is of those photos, not of this set: a mark to read the figures by, no bound`,
    ),
  ];
}

const weightsMeaning = {
  published:
    "the checkpoint that its authors publish, told by their hash or, where they publish none, by the one it had when bench pull first brought it",
  checkpoint: "a checkpoint file that is not known to be its authors' one",
  nano: "small, trained for this project: real accuracy at toy size",
  seeded: "values from a seed: latency and memory only, no accuracy",
  onnx: "ONNX files of the user's own, run as they are",
  external: "a program of the user's own, and what it loads",
  none: "no model",
} as const;

function weightsLines(reports: readonly RunReport[]): string[] {
  const models = reports.filter(({ role }) => role !== "floor");
  const sources = [...new Set(models.map(({ weights }) => weights))];
  const meanings = sources.map((source) => `${source} = ${weightsMeaning[source]}`);
  return [...(meanings.length === 0 ? [] : [`weights: ${meanings.join("; ")}`]), ...checkpointLines(reports)];
}

/**
 * Names the file of each checkpoint. A file with only the name of the published one is another model, and its label says
 * so.
 */
function checkpointLines(reports: readonly RunReport[]): string[] {
  const variants = new Map<string, Set<string>>();
  const shared = sharedFileNames(reports);
  for (const { weights, weightsLabel, weightsSha256, variant } of reports)
    if (weights === "checkpoint" || weights === "published") {
      const hash = shared.has(weightsLabel) ? ` (sha256 ${weightsSha256!.slice(0, 8)}…)` : "";
      const file = `${weightsLabel}${hash}`;
      variants.set(file, (variants.get(file) ?? new Set<string>()).add(variant));
    }
  const files = [...variants].map(([label, names]) => `${[...names].join(", ")} from ${label}`);
  return files.length === 0 ? [] : [`checkpoints: ${files.join("; ")}`];
}

/** Names each figure that runs of an older version lack, once, with the reason. */
function absentLines(reports: readonly RunReport[]): string[] {
  const fields = new Map<string, { readonly reason: string; readonly variants: string[] }>();
  for (const { variant, absent = {} } of reports)
    for (const [field, reason] of Object.entries(absent)) {
      const variants = fields.get(field)?.variants ?? [];
      fields.set(field, { reason, variants: [...new Set([...variants, variant])] });
    }
  return [...fields].map(
    ([field, { reason, variants }]) => `${variants.join(", ")}: no ${absentNames[field] ?? field}: ${reason}`,
  );
}

/** Says of rows of which one phase alone was measured how the other comes. */
function aloneLines(reports: readonly RunReport[]): string[] {
  return (["accuracy", "latency"] as const).flatMap((phase) => {
    const rows = reports.filter(({ only }) => only === phase);
    if (rows.length === 0) return [];
    const other = phase === "accuracy" ? "latency" : "accuracy";
    const names = [...new Set(rows.map(({ variant }) => variant))].join(", ");
    return [`${names}: ${phase} alone was measured; bench run --phase ${other} adds to this run`];
  });
}

/** Returns what is to be known of single rows: `variant: what there is to say`. */
export function rowNotes(reports: readonly RunReport[]): string[] {
  return [...new Set(reports.flatMap(({ variant, notes }) => notes.map((note) => `${variant}: ${note}`)))];
}

function leftOutText(leftOut: readonly LeftOut[], width: number): string {
  if (leftOut.length === 0) return "";
  const variants = leftOut.map(({ variant }) => variant);
  const reasons = leftOut.map(({ reason }) => reason);
  const widest = (cells: readonly string[]) => largest(cells.map((cell) => cell.length));
  const room = Math.max(40, width - 8 - widest(variants) - widest(reasons));
  return layout([
    { header: ["left out"], align: "left", cells: variants },
    { header: ["because"], align: "left", cells: reasons },
    { header: ["what brings it"], align: "left", cells: leftOut.map(({ command }) => wrap(command, room, "  ")) },
  ]);
}

/** Writes the warnings by what they ask for: a sentence for each group, and below it each warning in full. */
function warningsText(reports: readonly RunReport[], width: number): string {
  const groups = warningGroups(reports);
  if (groups.length === 0) return "";
  const count = groups.reduce((sum, { warnings }) => sum + warnings.length, 0);
  const lines = groups.map((group) => {
    const [sentence = "", ...full] = groupLines(group);
    const below = full.map((text) => `  ${wrap(`- ${text}`, width - 4, "    ")}`);
    return [wrap(`- ${sentence}`, width, "  "), ...below].join("\n");
  });
  return [`warnings (${count})`, ...lines].join("\n");
}
