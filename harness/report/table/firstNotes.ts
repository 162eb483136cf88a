import type { RunReport } from "../../results/report.ts";
import type { LeftOut } from "./foot.ts";
import { type SignStyle, signCharacters } from "./formats/layout.ts";
import type { Grid } from "./grid.ts";
import { warningGroups } from "./warnings.ts";

/** What a command knows beside the rows, for the lines under its first table. */
export interface NextSteps {
  readonly leftOut: readonly LeftOut[];
  /** Number of runs that are not finished and not shown. */
  readonly unfinished?: number | undefined;
  /** The command that writes the report of these runs. */
  readonly report?: string | undefined;
  /** What brings the next better thing, and the command for it. */
  readonly next?: string | undefined;
}

/**
 * Returns at most three notes: the warning that matters most, what was left out and what brings the next better thing, and
 * where the report is. All else stands in `--notes`. In 100 columns they take four lines, because a warning may take two.
 */
export function firstNotes(
  reports: readonly RunReport[],
  { leftOut, unfinished = 0, report, next }: NextSteps,
): readonly string[] {
  const [first, ...others] = warningGroups(reports);
  const more = others.length === 0 ? "" : ` (${others.length} more: --notes)`;
  return [
    ...(first === undefined ? [] : [`! ${first.text}${more}`]),
    ...leftOutLines(leftOut.length, unfinished, next),
    ...(report === undefined ? [] : [`report with charts and masks: \`${report}\``]),
  ];
}

/** Says in one line what is not here and what brings it. */
function leftOutLines(leftOut: number, unfinished: number, next: string | undefined): readonly string[] {
  const parts: string[] = [];
  if (leftOut > 0) parts.push(`${counted(leftOut, "variant")} left out, --notes names ${themOf(leftOut)}`);
  if (unfinished > 0)
    parts.push(`${counted(unfinished, "unfinished run")} left out, --unfinished shows ${themOf(unfinished)}`);
  if (next !== undefined) parts.push(next);
  return parts.length === 0 ? [] : [parts.join("; ")];
}

function themOf(count: number): string {
  return count === 1 ? "it" : "them";
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** Returns the line that says what the signs in these columns mean; nothing where there is no sign. */
export function legend(columns: Grid["columns"], style: SignStyle): string | undefined {
  const marks = columns.flatMap((column) => column.marks ?? []);
  const used = new Set(marks.flatMap((mark) => mark?.signs ?? []));
  const parts: string[] = [];
  if (used.has("best"))
    parts.push(style === "bold" ? "bold: best of its column" : `${signCharacters.best} best of its column`);
  if (used.has("efficient")) parts.push(`${signCharacters.efficient} no row is both more accurate and faster`);
  if (used.has("warned")) parts.push(`${signCharacters.warned} see the warning`);
  if (columns[0]?.cells.some((cell) => cell.endsWith(" †"))) parts.push("† not finished");
  return parts.length === 0 ? undefined : parts.join("   ");
}
