import type { PlanNeeds } from "../../estimate/needs.ts";
import { planTimeTexts } from "../../estimate/planTime.ts";
import type { RunPlan } from "../../plan/plan.ts";
import type { PaperTable } from "../../report/papers/paper.ts";
import type { JudgedCell } from "../../reproduce/cells.ts";
import type { NeededRun } from "../../reproduce/runs.ts";
import type { Verdict } from "../../reproduce/verdict.ts";
import { plainTable } from "./plainTable.ts";

/** A run that a table needs, with its plan. */
export interface PlannedRun {
  readonly run: NeededRun;
  readonly plan: RunPlan;
  /** Absent where the machine or a plug-in does not tell. */
  readonly needs?: PlanNeeds | undefined;
}

/** Writes a line for each table that has a recipe. */
export function recipesText(known: readonly { readonly id: string; readonly title: string }[]): string {
  return plainTable(
    ["table", "what it is"],
    known.map(({ id, title }) => [id, title]),
  );
}

/**
 * Says what each run needs, how long it takes, and what keeps variants out, with the command lines that make it on a cluster or
 * on several machines.
 */
export function needsText(
  runs: readonly NeededRun[],
  planned: readonly PlannedRun[],
  notRun: NotRun,
): readonly string[] {
  return runs.flatMap((run) => {
    const { dataset, data, protocol, prompts, boxes } = run.flags;
    const found = planned.find((each) => each.run.flags === run.flags);
    const needs = [
      `${run.set}: ${data === undefined ? `--dataset ${dataset}` : data}`,
      `protocol ${protocol}${prompts === undefined ? "" : `, prompts ${prompts}`}, seed ${run.seed}`,
      ...(run.boxes === undefined ? [] : [`boxes of a detector: ${boxes ?? "missing, --boxes FILE"}`]),
    ];
    return [
      `needs ${needs.join("; ")}`,
      ...run.variants.map((variant) => `  ${variant}: ${notRun.get(variant) ?? "its weights are here"}`),
      ...(found === undefined ? [] : [`  ${costText(found)}`, `  on a cluster: ${commandText("slurm", found.run)}`]),
    ];
  });
}

/** Reasons why variants are not run, by variant. */
type NotRun = ReadonlyMap<string, string>;

function costText({ plan, needs }: PlannedRun): string {
  const images = `${plan.images.length} images`;
  if (needs === undefined) return images;
  return `${images}: ${planTimeTexts(needs).total} and ${(needs.diskBytes / 1e9).toFixed(1)} GB of disk, less what is here already`;
}

/** Writes the command line of the same run for `bench slurm`, after which stored runs are judged. */
function commandText(command: string, { flags }: NeededRun): string {
  const { baseline: _, phase: __, plugin: ___, shard: ____, ...passed } = flags;
  const words = Object.entries(passed).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => `--${name} ${String(each)}`),
  );
  return ["bench", command, ...words].join(" ");
}

/** Writes a row for each cell with its verdict, then the reasons why others have none, each once. */
export function reproductionText(table: PaperTable, cells: readonly JudgedCell[]): string {
  const judged = cells.filter(({ verdict }) => verdict !== undefined);
  const parts = [`${table.id}: ${table.table}`];
  if (judged.length > 0) parts.push(verdictTable(judged));
  const reasons = reasonLines(cells);
  if (reasons.length > 0) parts.push([`not comparable`, ...reasons].join("\n"));
  parts.push(summary(cells));
  return parts.join("\n\n");
}

function verdictTable(cells: readonly JudgedCell[]): string {
  const rows = cells.map(({ system, config, column, published, unit, ours, verdict }) => {
    const digits = Math.max(2, String(published).split(".")[1]?.length ?? 0);
    return [
      [system, config].filter(Boolean).join(", "),
      `${column.title}${unit === undefined ? "" : `, ${unit}`}`,
      String(published),
      ours!.value.toFixed(digits),
      signed(verdict!.difference, digits),
      `±${verdict!.allowed.toFixed(digits)}`,
      ours!.images === ours!.ofImages ? `all ${ours!.ofImages}` : `${ours!.images} of ${ours!.ofImages}`,
      verdictText(verdict!, ours!.ofImages),
    ];
  });
  return plainTable(["row", "column", "published", "ours", "difference", "allowed", "images", "verdict"], rows);
}

function verdictText(verdict: Verdict, ofImages: number): string {
  if (verdict.kind === "reproduced") return "reproduced";
  if (verdict.kind === "reproduced so far") return `reproduced so far (p ${pText(verdict.p)})`;
  if (verdict.kind === "differs") return verdict.p === undefined ? "differs" : `differs (p ${pText(verdict.p)})`;
  if (verdict.p === undefined) return "undecided: too few images for an interval";
  if (verdict.needed === undefined) return "undecided: no number of images would show a difference of a point";
  if (verdict.needed >= ofImages) return `undecided: it takes all ${ofImages} images to show a difference of a point`;
  return `undecided: ${verdict.needed} images would show a difference of a point`;
}

function reasonLines(cells: readonly JudgedCell[]): readonly string[] {
  const byReason = new Map<string, JudgedCell[]>();
  for (const cell of cells)
    if (cell.reason !== undefined) byReason.set(cell.reason, [...(byReason.get(cell.reason) ?? []), cell]);
  return [...byReason].map(([reason, members]) => {
    const rows = [...new Set(members.map(({ system, config }) => [system, config].filter(Boolean).join(", ")))];
    const more = rows.length - 3;
    const named =
      more > 0 ? `${rows.slice(0, 3).join("; ")} and ${more} more row${more === 1 ? "" : "s"}` : rows.join("; ");
    return `- ${members.length} cell${members.length === 1 ? "" : "s"} (${named}): ${reason}`;
  });
}

function summary(cells: readonly JudgedCell[]): string {
  const kinds = ["reproduced", "reproduced so far", "differs", "undecided"] as const;
  const counts = kinds.map((kind) => [kind, cells.filter(({ verdict }) => verdict?.kind === kind).length] as const);
  const named = counts.filter(([, count]) => count > 0).map(([kind, count]) => `${count} ${kind}`);
  const closed = cells.filter(({ verdict }) => verdict === undefined).length;
  if (closed > 0) named.push(`${closed} not comparable`);
  return `${cells.length} cell${cells.length === 1 ? "" : "s"}: ${named.join(", ")}`;
}

/** Makes the object of `--json`. */
export function reproductionJson({ id, table }: PaperTable, cells: readonly JudgedCell[]) {
  return { id, table, cells: cells.map(({ column, ...cell }) => ({ ...cell, column: column.id })) };
}

function signed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return value > 0 ? `+${text}` : text;
}

function pText(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}
