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

/** Says what each run needs, and what keeps variants out. */
export function needsText(planned: readonly PlannedRun[], notRun: ReadonlyMap<string, string>): readonly string[] {
  const runs = planned.map(({ run, plan, needs }) => {
    const what = `${run.variants.join(", ")} on ${plan.images.length} images of ${run.set}, seed ${run.seed}`;
    if (needs === undefined) return what;
    const disk = `${(needs.diskBytes / 1e9).toFixed(1)} GB of disk`;
    return `${what}: ${planTimeTexts(needs).total} and ${disk}, less what is here already`;
  });
  const missing = [...notRun].map(([variant, reason]) => `${variant} is not run: ${reason}`);
  return [...runs, ...missing];
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
      verdictText(verdict!),
    ];
  });
  return plainTable(["row", "column", "published", "ours", "difference", "allowed", "images", "verdict"], rows);
}

function verdictText(verdict: Verdict): string {
  if (verdict.kind === "reproduced") return "reproduced";
  if (verdict.kind === "reproduced so far") return `reproduced so far (p ${pText(verdict.p)})`;
  if (verdict.kind === "differs") return verdict.p === undefined ? "differs" : `differs (p ${pText(verdict.p)})`;
  if (verdict.p === undefined) return "undecided: too few images for an interval";
  if (verdict.needed === undefined) return "undecided: no number of images would show a difference of a point";
  return `undecided: ${verdict.needed} images would show a difference of a point`;
}

function reasonLines(cells: readonly JudgedCell[]): readonly string[] {
  const byReason = new Map<string, JudgedCell[]>();
  for (const cell of cells)
    if (cell.reason !== undefined) byReason.set(cell.reason, [...(byReason.get(cell.reason) ?? []), cell]);
  return [...byReason].map(([reason, members]) => {
    const rows = [...new Set(members.map(({ system, config }) => [system, config].filter(Boolean).join(", ")))];
    const named = rows.length > 3 ? `${rows.slice(0, 3).join("; ")} and ${rows.length - 3} more rows` : rows.join("; ");
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
