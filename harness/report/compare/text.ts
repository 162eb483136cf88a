import type { Agreement } from "../../results/compare/agreement/agreement.ts";
import type { Breakdown, CategoryDifference } from "../../results/compare/breakdown.ts";
import type { ComparedRun, Comparison } from "../../results/compare/compare.ts";
import type { FigureDifference } from "../../results/compare/differences.ts";
import type { LatencyComparison } from "../../results/compare/latency.ts";
import {
  change,
  changeRange,
  milliseconds,
  none,
  percent,
  points,
  pointsRange,
  pValue,
} from "../../results/compare/words.ts";
import { intervalMethod } from "../../stats/intervals.ts";
import type { Column } from "../table/grid.ts";
import { fitColumns, layout, wrap } from "../table/layout.ts";
import { agreementColumns, agreementNotes, worstColumns } from "./agreementText.ts";

const defaults = { width: 160 };

/** Writes a comparison as plain text: how far the masks agree, then the verdict, then the figures that it rests on. */
export function comparisonText(comparison: Comparison, width = defaults.width): string {
  const { a, b, dataset, images, agreement, figures, latency, categories, verdict, notes } = comparison;
  const headlines = figures.filter(({ headline }) => headline);
  const details = figures.filter(({ headline }) => !headline);
  const lines = (texts: readonly string[]) => texts.map((text) => wrap(text, width, "  ")).join("\n");
  return [
    lines([
      `A: ${runText(a)}`,
      `B: ${runText(b)}`,
      images === 0 ? dataset : `${dataset}, ${images} image${images === 1 ? "" : "s"} in both`,
    ]),
    ...(agreement === undefined ? [] : agreementParts(agreement, width)),
    lines(verdict.sentences),
    figureTables(headlines, width),
    figureTables(details, width),
    latency === undefined ? "" : latencyTable(latency),
    ...categories.map(categoryTable),
    lines(footLines(comparison)),
    notes.length === 0 ? "" : lines(notes.map((note) => `- ${note}`)),
  ]
    .filter((text) => text !== "")
    .join("\n\n");
}

function runText({ id, variant, weights }: ComparedRun): string {
  return `${variant}, ${weights} (run ${id})`;
}

function agreementParts(agreement: Agreement, width: number): readonly string[] {
  const table = (columns: readonly Column[], stubs: number) =>
    fitColumns(columns.slice(0, stubs), [columns.slice(stubs)], width)
      .map((each) => layout(each))
      .join("\n\n");
  return [
    agreement.prompts.length === 0 ? "" : table(agreementColumns(agreement), 1),
    agreement.worst.length === 0 ? "" : `the targets that differ most:\n\n${table(worstColumns(agreement), 3)}`,
    agreementNotes(agreement)
      .map((note) => wrap(`- ${note}`, width, "  "))
      .join("\n"),
  ];
}

function figureTables(figures: readonly FigureDifference[], width: number): string {
  if (figures.length === 0) return "";
  const column = (header: readonly string[], cellOf: (figure: FigureDifference) => string | undefined): Column => ({
    header,
    align: "right",
    cells: figures.map((figure) => cellOf(figure) ?? none),
  });
  const shares = figures.some(({ won }) => won !== undefined);
  const columns = [
    column(["A", "%"], ({ a }) => percent(a.value)),
    column(["B", "%"], ({ b }) => percent(b.value)),
    column(["B − A", "points"], ({ difference }) => points(difference.value)),
    column(["95 % interval", "points"], ({ difference }) => pointsRange(difference)),
    column(["if unpaired", "±"], ({ unpaired }) => (unpaired === undefined ? undefined : percent(unpaired))),
    ...(shares
      ? [
          column(
            ["images higher, alike, lower", "%"],
            ({ won }) => won && [won.higher, won.alike, won.lower].map((share) => (100 * share).toFixed(0)).join(" / "),
          ),
        ]
      : []),
    column(["p"], ({ p }) => (p === undefined ? undefined : pValue(p))),
    column(["p, Holm"], ({ adjustedP }) => (adjustedP === undefined ? undefined : pValue(adjustedP))),
    column(["shown from", "points"], ({ detectable }) => (detectable === undefined ? undefined : percent(detectable))),
    column(["n"], ({ n }) => String(n)),
  ];
  const names: Column = { header: ["figure"], align: "left", cells: figures.map(({ figure }) => figure) };
  return fitColumns([names], [columns], width)
    .map((each) => layout(each))
    .join("\n\n");
}

function latencyTable({ stages }: LatencyComparison): string {
  const column = (header: readonly string[], cells: readonly string[]): Column => ({ header, align: "right", cells });
  return layout([
    { header: ["latency"], align: "left", cells: stages.map(({ stage }) => stage) },
    column(
      ["A", "ms"],
      stages.map(({ aMs }) => milliseconds(aMs)),
    ),
    column(
      ["B", "ms"],
      stages.map(({ bMs }) => milliseconds(bMs)),
    ),
    column(
      ["B over A", "%"],
      stages.map(({ ratio }) => change(ratio.value)),
    ),
    column(
      ["95 % interval", "%"],
      stages.map(({ ratio }) => changeRange(ratio)),
    ),
    column(
      ["A over A", "± %"],
      stages.map(({ noise }) => (noise === undefined ? none : percent(noise))),
    ),
    column(
      ["rounds"],
      stages.map(({ rounds }) => String(rounds)),
    ),
  ]);
}

function categoryTable({ prompts, worst, best }: Breakdown): string {
  if (worst.length + best.length === 0) return "";
  const rows = [
    ...worst.map((each) => ["lost most", each] as const),
    ...best.map((each) => ["gained most", each] as const),
  ];
  const column = (header: readonly string[], cellOf: (row: CategoryDifference) => string): Column => ({
    header,
    align: "right",
    cells: rows.map(([, row]) => cellOf(row)),
  });
  return layout([
    { header: [`mIoU, ${prompts}`], align: "left", cells: rows.map(([end]) => end) },
    { header: ["category"], align: "left", cells: rows.map(([, { name }]) => name) },
    column(["A", "%"], ({ a }) => percent(a)),
    column(["B", "%"], ({ b }) => percent(b)),
    column(["B − A", "points"], ({ difference }) => points(difference.value)),
    column(["95 % interval", "points"], ({ difference }) => pointsRange(difference)),
    column(["p, Holm"], ({ adjustedP }) => (adjustedP === undefined ? none : pValue(adjustedP))),
    column(["n"], ({ n }) => String(n)),
  ]);
}

function footLines({ figures, latency, categories }: Comparison): string[] {
  return [
    ...(figures.length === 0
      ? []
      : [
          `interval: ${intervalMethod}, the same groups of images for A and B; if unpaired: half its width had A and B been on other images`,
          "p: by exchanging the results of A and B, image by image; Holm: of the protocols' headline figures (the first table) together, and of all others together; below 0.05 counts as a difference",
          "shown from: the smallest difference that this many images show in 80 % of tries",
        ]),
    ...(categories.length === 0 ? [] : [categoriesLine(categories)]),
    ...(latency === undefined ? [] : [latencyLine(latency)]),
  ];
}

function categoriesLine(categories: readonly Breakdown[]): string {
  const counts = categories.map(({ prompts, judged, leftOut }) => `${judged} of ${judged + leftOut} by ${prompts}`);
  return `categories: with at least 5 targets on 3 images (${counts.join(", ")}); Holm over all of these`;
}

function latencyLine({ measured, noiseFrom }: LatencyComparison): string {
  const how =
    measured === "interleaved"
      ? "A and B took turns in one session; medians over the rounds that both have, and their ratio"
      : "measured in two sessions; the ratio of the medians is no verdict";
  const noise = noiseFrom === "again" ? "a second process of A in the same rounds" : "A's own samples, drawn twice";
  return `latency: ${how}; A over A: the noise floor, from ${noise}`;
}
