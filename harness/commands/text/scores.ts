import type { ReliabilityBin } from "../../api.ts";
import type { FileFigure, FileScore } from "../../results/scoreFile.ts";
import type { CategoryScore, RunScore } from "../../results/scoreRun.ts";
import { plainTable } from "./plainTable.ts";

/** Writes the figures of a results file, and those by category where they are asked for. */
export function fileScoreText(
  { type, rules, classAgnostic, images, figures, categories }: FileScore,
  byCategory: boolean,
): string {
  const what = `${type}, rules of ${rules}${classAgnostic ? ", whatever the categories" : ""}, ${images} images`;
  const table = plainTable(["", "%", "95 % interval", "n"], Object.entries(figures).map(rowOf));
  return [what, table, ...(byCategory ? [categoryTable(categories)] : [])].join("\n\n");
}

/** Writes the figures of a stored run by prompts, then its tables by category and of its predicted IoU. */
export function runScoreText({ run, prompts }: RunScore): string {
  const rows = Object.entries(prompts).flatMap(([name, { protocol, figures }]) =>
    Object.entries(figures).map(([id, figure]) => [name, protocol, ...rowOf([id, figure])]),
  );
  const parts = [run, plainTable(["prompts", "protocol", "", "%", "95 % interval", "n"], rows)];
  for (const [name, { categories }] of Object.entries(prompts))
    if (categories !== undefined) parts.push(`${name}: average precision by category\n${categoryTable(categories)}`);
  for (const [name, { reliability }] of Object.entries(prompts)) {
    const bins = (reliability ?? []).filter(({ n }) => n > 0);
    if (bins.length === 0) continue;
    const table = plainTable(["predicted IoU", "mean predicted %", "mean measured %", "n"], bins.map(binOf));
    parts.push(`${name}: predicted against measured IoU\n${table}`);
  }
  return parts.join("\n\n");
}

function categoryTable(categories: readonly CategoryScore[]): string {
  const rows = categories.map(({ id, name, value, n }) => [String(id), name, percent(value), String(n)]);
  return plainTable(["id", "category", "AP %", "n"], rows);
}

function binOf({ from, to, predictedIou, iou, n }: ReliabilityBin): string[] {
  return [`${from.toFixed(1)} to ${to.toFixed(1)}`, percent(predictedIou), percent(iou), String(n)];
}

function rowOf([id, { value, low, high, n }]: readonly [string, FileFigure]): string[] {
  const interval = low === undefined || high === undefined ? "" : `${percent(low)} to ${percent(high)}`;
  return [id, percent(value), interval, String(n)];
}

/** Writes a fraction as percent; the text is empty where there is no data. */
function percent(value: number | undefined): string {
  return value === undefined ? "" : (100 * value).toFixed(2);
}
