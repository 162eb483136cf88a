import type { Confidence } from "../../api.ts";
import type { Conditions } from "../../results/report/conditions.ts";
import { licenceLines } from "../table/foot.ts";
import type { GridNote } from "../table/grid.ts";
import { runtimeText } from "../table/headLines.ts";
import { intervalMeaning } from "../table/intervalText.ts";
import { isOutside } from "./cellText.ts";
import type { ComparedCell, Comparison, UsedRun } from "./compare.ts";
import { evaluationSets } from "./sets.ts";

/** Tells where a published number was read, in the words of results/README.md. */
export const confidenceMeaning: Readonly<Record<Confidence, string>> = {
  repo: "read in the authors' repository",
  paper: "read in the paper's text",
  summary: "only in a published summary of the paper",
  secondary: "quoted by others, not checked against the paper",
};

/**
 * Returns what a reader must know before believing the table: its source, its contradictions, what our figures are, and
 * what would fill open cells.
 */
export function comparisonNotes(comparison: Comparison): readonly GridNote[] {
  const { note, contradictions = [], cautions = [], fills, closed, runs } = comparison;
  const prose = (label: string, text: string): GridNote => ({ label, text, kind: "prose" });
  return [
    prose("source", sourceText(comparison)),
    ...(note === undefined ? [] : [prose("note", note)]),
    ...contradictions.map((text) => prose("known contradiction", text)),
    ...cautions.map((text) => prose("caution", text)),
    ...oursNotes(comparison).map((text) => prose("ours", text)),
    ...runs.map((run) => prose(`run ${run.id}`, runText(run))),
    ...licenceLines(runs).map((line) => prose("licence", line.slice(line.indexOf(": ") + 2))),
    ...variantNotes(runs).map(({ variant, text }) => prose(variant, text)),
    ...fills.flatMap(({ command, remarks }, i): readonly GridNote[] => [
      { label: `[${i + 1}]`, text: command, kind: "command", screenOnly: true },
      ...remarks.map((remark): GridNote => ({ ...prose(`[${i + 1}]`, remark), screenOnly: true })),
    ]),
    ...closed.map((text) => prose("not filled", text)),
  ];
}

function sourceText({ source, confidence, hardware, columns, protocol }: Comparison): string {
  const protocols = [...new Set(columns.flatMap(({ measures }) => measures?.protocol ?? []))];
  const named = protocols.length > 0 ? protocols.join(", ") : (protocol ?? "none recorded");
  return [
    `${source}; confidence ${confidence}: ${confidenceMeaning[confidence]}`,
    `protocol ${named}`,
    ...(hardware === undefined ? [] : [`hardware: ${hardware}`]),
  ].join("; ");
}

/** Returns what our figures mean; nothing where there are none. */
function oursNotes({ rows, columns }: Comparison): readonly string[] {
  const cells = rows.flatMap((row) => Object.values(row.cells)).filter(({ ours }) => ours !== undefined);
  const some = (test: (cell: ComparedCell) => boolean) => cells.some(test);
  const lines: string[] = [];
  if (some(({ ours }) => ours!.nature === "images" && ours!.low !== undefined)) lines.push(intervalMeaning);
  if (some((cell) => cell.difference !== undefined))
    lines.push(
      `difference: ours less the paper's${some((cell) => isOutside(cell) === true) ? "; * the paper's value is outside our interval" : ""}`,
    );
  if (some(({ ours }) => ours!.extent === "part"))
    lines.push(`† on a part of ${setTitles(columns)}: not the paper's test set`);
  if (some(({ ours }) => ours!.nature === "machine"))
    lines.push(
      "latency and memory: on other hardware than the paper's, so no difference is formed; median [quartiles]; memory is the peak (VmHWM) of a process that holds the model and one photo, not a GPU's",
    );
  return lines;
}

function setTitles(columns: Comparison["columns"]): string {
  const ids = new Set(columns.flatMap(({ measures }) => measures?.dataset ?? []));
  return [...ids].flatMap((id) => evaluationSets[id]?.title ?? []).join(", ");
}

function runText({ weights, weightsLabel, dataset, fingerprint, images, conditions }: UsedRun): string {
  const count = images.finished === images.planned ? `${images.planned}` : `${images.finished} of ${images.planned}`;
  return [
    weightsLabel === weights || weightsLabel.startsWith(weights) ? weightsLabel : `${weights} ${weightsLabel}`,
    `${dataset}, ${count} images, fingerprint ${fingerprint.slice(0, 12)}`,
    machineText(conditions),
  ].join("; ");
}

function machineText(conditions: Conditions): string {
  const { threads, cores, cpu } = conditions;
  return `${threads} of ${cores} cores, ${cpu}, ${runtimeText(conditions)}`;
}

function variantNotes(runs: readonly UsedRun[]): readonly { readonly variant: string; readonly text: string }[] {
  const texts = runs.flatMap(({ variant, notes }) => notes.map((text) => ({ variant, text })));
  return texts.filter(({ text }, i) => texts.findIndex((each) => each.text === text) === i);
}
