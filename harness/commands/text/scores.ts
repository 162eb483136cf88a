import type { DetectionErrors, ReliabilityBin } from "../../api.ts";
import { unitOf, units } from "../../metrics/index.ts";
import type { FileFigure } from "../../results/scores/fileFigure.ts";
import type { FileScore } from "../../results/scores/scoreFile.ts";
import type { CategoryScore, RunScore } from "../../results/scores/scoreRun.ts";
import type { SliceFigure } from "../../results/scores/slices.ts";
import { plainTable } from "./plainTable.ts";

/** Writes the figures of a results file, and those by category where they are asked for. */
export function fileScoreText(
  { type, rules, classAgnostic, images, figures, categories, errors, slices }: FileScore,
  byCategory: boolean,
): string {
  const what = `${type}, rules of ${rules}${classAgnostic ? ", whatever the categories" : ""}, ${images} images`;
  const table = plainTable(["", "%", "95 % interval", "n"], Object.entries(figures).map(rowOf));
  const parts = [what, table];
  if (byCategory) parts.push(categoryTable(categories));
  if (errors !== undefined) parts.push(errorTable(errors));
  if (slices !== undefined) parts.push(sliceTables(slices));
  return parts.join("\n\n");
}

/** Writes the figures of a stored run by prompts, then its tables by category and of its predicted IoU. */
export function runScoreText({ run, prompts }: RunScore): string {
  const parts = [run, ...figureTables(prompts)];
  for (const [name, { categories }] of Object.entries(prompts))
    if (categories !== undefined) parts.push(`${name}: average precision by category\n${categoryTable(categories)}`);
  for (const [name, { errors, slices }] of Object.entries(prompts)) {
    if (errors !== undefined) parts.push(`${name}: ${errorTable(errors)}`);
    if (slices !== undefined) parts.push(`${name}: ${sliceTables(slices)}`);
  }
  for (const [name, { reliability }] of Object.entries(prompts)) {
    const bins = (reliability ?? []).filter(({ n }) => n > 0);
    if (bins.length === 0) continue;
    const table = plainTable(["predicted IoU", "mean predicted %", "mean measured %", "n"], bins.map(binOf));
    parts.push(`${name}: predicted against measured IoU\n${table}`);
  }
  return parts.join("\n\n");
}

/** Writes the figures of all prompts, a table for each unit. */
function figureTables(prompts: RunScore["prompts"]): readonly string[] {
  const all = Object.entries(prompts).flatMap(([name, { protocol, figures }]) =>
    Object.entries(figures).map(([id, figure]) => ({ name, protocol, id, figure })),
  );
  const found = [...new Set(all.map(({ figure }) => unitOf(figure)))];
  return found.map((unit) => {
    const own = all.filter(({ figure }) => unitOf(figure) === unit);
    const rows = own.map(({ name, protocol, id, figure }) => [name, protocol, ...rowOf([id, figure])]);
    return plainTable(["prompts", "protocol", "", units[unit].sign, "95 % interval", "n"], rows);
  });
}

function categoryTable(categories: readonly CategoryScore[]): string {
  const rows = categories.map(({ id, name, value, n }) => [String(id), name, percent(value), String(n)]);
  return plainTable(["id", "category", "AP %", "n"], rows);
}

/** What each kind of error is, in the words of a detection. */
const errorWords: Readonly<Record<keyof DetectionErrors["errors"], string>> = {
  localisation: "its category, IoU 0.1 to 0.5",
  classification: "IoU from 0.5, another category",
  duplicate: "IoU from 0.5, found already",
  background: "IoU up to 0.1 with anything",
  both: "any other, category and place wrong",
  missed: "annotation that nothing is meant for",
};

function errorTable({ ap50, errors, falsePositives, falseNegatives }: DetectionErrors): string {
  const rows = Object.entries(errors).map(([kind, { n, cost }]) => {
    return [kind, errorWords[kind as keyof typeof errorWords], String(n), points(cost)];
  });
  const sums = [
    ["wrong detections", "all of them together", String(falsePositives.n), points(falsePositives.cost)],
    ["not found", "all annotations together", String(falseNegatives.n), points(falseNegatives.cost)],
  ];
  const what = `what is lost, of AP50 ${percent(ap50)} % as TIDE counts it: each kind is mended alone, so costs do not add up`;
  return `${what}\n${plainTable(["error", "a detection of", "n", "cost, points of AP50"], [...rows, ...sums])}`;
}

const defaults = {
  /** Categories that are printed, the lowest first; --json has all. */
  categories: 10,
  /** Fewer annotations say little about a category. */
  leastAnnotations: 10,
};

/** Writes a table for each figure that has slices. */
function sliceTables(slices: readonly SliceFigure[]): string {
  const figures = [...new Set(slices.map(({ figure }) => figure))];
  return figures
    .map((id) =>
      sliceTable(
        id,
        slices.filter(({ figure }) => figure === id),
      ),
    )
    .join("\n\n");
}

function sliceTable(id: string, slices: readonly SliceFigure[]): string {
  const { categories, leastAnnotations } = defaults;
  const lowest = slices
    .filter(({ by, n }) => by === "category" && n >= leastAnnotations)
    .toSorted((a, b) => (a.value ?? 0) - (b.value ?? 0))
    .slice(0, categories);
  const shown = [
    ...slices.filter(({ by }) => by === "size"),
    ...lowest,
    ...slices.filter(({ by }) => by !== "size" && by !== "category"),
  ];
  const rows = shown.map(({ by, title, images, ...rest }) => {
    const [, value, interval, n] = rowOf([id, rest]);
    return [by, title, value!, interval!, n!, images === undefined ? "" : String(images)];
  });
  const what = `${id} by slices; of categories the ${categories} lowest with ${leastAnnotations} annotations or more`;
  return `${what}\n${plainTable(["by", "slice", "%", "95 % interval", "n", "images"], rows)}`;
}

function points(fraction: number): string {
  return (100 * fraction).toFixed(2);
}

function binOf({ from, to, predictedIou, iou, n }: ReliabilityBin): string[] {
  return [`${from.toFixed(1)} to ${to.toFixed(1)}`, percent(predictedIou), percent(iou), String(n)];
}

function rowOf([id, figure]: readonly [string, FileFigure]): string[] {
  const { value, low, high, n } = figure;
  const { factor } = units[unitOf(figure)];
  const text = (bound: number | undefined) => (bound === undefined ? "" : (factor * bound).toFixed(2));
  const interval = low === undefined || high === undefined ? "" : `${text(low)} to ${text(high)}`;
  return [id, text(value), interval, String(n)];
}

/** Writes a fraction as percent; the text is empty where there is no data. */
function percent(value: number | undefined): string {
  return value === undefined ? "" : (100 * value).toFixed(2);
}
