import type { Agreement } from "../../results/compare/agreement/agreement.ts";
import type { ComparedRun, Comparison } from "../../results/compare/compare.ts";
import { licenceLines } from "../table/foot.ts";
import { wrap } from "../table/formats/layout.ts";
import { agreementColumns, agreementGaps, identicalSentence, worstColumns } from "./agreementText.ts";
import { categoryTable, figureTables, latencyTable, tablesText } from "./figureText.ts";
import { comparisonMeanings } from "./meanings.ts";

const defaults = { width: 160 };

/** What the user chose to see of comparisons. */
export interface ComparisonChoice {
  /** Characters of a line. */
  readonly width?: number | undefined;
  /** Also the targets that differ most, all figures with all that is known of them, and the categories. */
  readonly wide?: boolean | undefined;
  /** Also how the figures are meant. */
  readonly notes?: boolean | undefined;
}

/**
 * Writes comparisons as plain text, one after the other, and below them what is left out. Each fits on a screen: how far the masks
 * agree, then the verdict, then the figures that it rests on.
 */
export function comparisonsText(comparisons: readonly Comparison[], choice: ComparisonChoice = {}): string {
  const more = moreLines(comparisons, choice).map((line) => wrap(line, choice.width ?? defaults.width, "  "));
  const texts = comparisons.map((each) => comparisonText(each, choice)).join("\n\n\n");
  return more.length === 0 ? texts : `${texts}\n\n${more.join("\n")}`;
}

function comparisonText(
  comparison: Comparison,
  { width = defaults.width, wide = false, notes = false }: ComparisonChoice,
): string {
  const { a, b, dataset, images, agreement, figures, latency, categories, verdict } = comparison;
  const headlines = figures.filter(({ headline }) => headline);
  const lines = (texts: readonly string[]) => texts.map((text) => wrap(text, width, "  ")).join("\n");
  const listed = (texts: readonly string[]) => lines(texts.map((text) => `- ${text}`));
  const parts = [
    lines([
      `A: ${runText(a)}`,
      `B: ${runText(b)}`,
      images === 0 ? dataset : `${dataset}, ${images} image${images === 1 ? "" : "s"} in both`,
    ]),
    agreementTables(agreement, { width, wide }),
    lines(verdict.sentences),
    figureTables(headlines, { width, wide }),
    wide ? figureTables(furtherFigures(comparison), { width, wide }) : "",
    latency === undefined ? "" : latencyTable(latency),
    ...(wide ? categories.map(categoryTable) : []),
    notes ? lines(comparisonMeanings(comparison, wide)) : "",
    listed(gapsOf(comparison)),
    lines(licenceLines([a, b])),
  ];
  return parts.filter((text) => text !== "").join("\n\n");
}

function runText({ id, variant, weights }: ComparedRun): string {
  return `${variant}, ${weights} (run ${id})`;
}

function agreementTables(
  agreement: Agreement | undefined,
  { width, wide }: { readonly width: number; readonly wide: boolean },
): string {
  if (agreement === undefined || agreement.prompts.length === 0) return "";
  const [names, ...columns] = agreementColumns(agreement);
  const table = tablesText([names!], columns, width);
  if (!wide || agreement.worst.length === 0) return table;
  const worst = worstColumns(agreement);
  return `${table}\n\nthe targets that differ most:\n\n${tablesText(worst.slice(0, 3), worst.slice(3), width)}`;
}

/** Returns whole sentences: what is not compared, and why. */
function gapsOf({ agreement, notes }: Comparison): readonly string[] {
  if (agreement === undefined) return notes;
  const identical = identicalSentence(agreement);
  return [...agreementGaps(agreement), ...(identical === undefined ? [] : [identical]), ...notes];
}

function furtherFigures({ figures }: Comparison): Comparison["figures"] {
  return figures.filter(({ headline }) => !headline);
}

/** Says which option brings what is left out. */
function moreLines(
  comparisons: readonly Comparison[],
  { wide = false, notes = false }: ComparisonChoice,
): readonly string[] {
  const count = (of: (comparison: Comparison) => number) => comparisons.reduce((sum, each) => sum + of(each), 0);
  const worst = count(({ agreement }) => agreement?.worst.length ?? 0);
  const figures = count((each) => furtherFigures(each).length);
  const categories = count((each) =>
    each.categories.reduce((sum, { worst: lost, best }) => sum + lost.length + best.length, 0),
  );
  const left = [
    worst === 0 ? "" : `${worst} target${worst === 1 ? "" : "s"} that differ${worst === 1 ? "s" : ""} most`,
    figures === 0 ? "" : `${figures} more figure${figures === 1 ? "" : "s"}`,
    categories === 0 ? "" : `${categories} categor${categories === 1 ? "y" : "ies"}`,
  ].filter((text) => text !== "");
  const more = [
    wide || left.length === 0 ? "" : `--wide: ${left.join(", ")}`,
    notes || comparisons.every((each) => comparisonMeanings(each, wide).length === 0)
      ? ""
      : "--notes: how figures are meant",
    worst === 0 ? "" : "--out FOLDER: where masks differ, as pictures",
  ];
  return more.filter((text) => text !== "");
}
