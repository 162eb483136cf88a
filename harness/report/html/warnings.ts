import type { RunReport } from "../../results/report.ts";
import { groupLines, isTouched, type WarningGroup, warningGroups } from "../table/warnings.ts";
import { html, type Markup } from "./markup.ts";
import type { PageColumn } from "./pageColumns.ts";

/** Warnings that ask for the same, with the number that stands beside what they are about. */
export interface NumberedWarning {
  readonly number: number;
  readonly id: string;
  readonly group: WarningGroup;
}

/** Numbers the groups of warnings, the one that matters most first. `key` keeps the ids of two tables of one page apart. */
export function numberedWarnings(reports: readonly RunReport[], key: string): readonly NumberedWarning[] {
  return warningGroups(reports).map((group, i) => ({ number: i + 1, id: `${key}warning-${i + 1}`, group }));
}

/** Tells whether one of the warnings is about a row's figure in a column. */
export function touchesCell({ group }: NumberedWarning, variant: string, column: PageColumn): boolean {
  return group.warnings.some((warning) => warning.variants.includes(variant) && isTouched(column, warning));
}

/** Tells whether one of the warnings is about one of the subjects. */
export function touchesSubject({ group }: NumberedWarning, subjects: RegExp): boolean {
  return group.warnings.some(({ about }) => subjects.test(about));
}

const defaults = {
  /** Beside a figure stand so many numbers; of more, the first ones and a sign that there are others. */
  numbers: 4,
};

/** Writes the numbers of warnings as links to them. */
export function numbersMarkup(warnings: readonly NumberedWarning[]): Markup | undefined {
  if (warnings.length === 0) return undefined;
  const more = warnings.length > defaults.numbers ? "…" : undefined;
  const links = warnings
    .slice(0, defaults.numbers)
    .map(({ number, id }) => html`<a href="#${id}" aria-label="warning ${number}">${number}</a> `);
  return html`<sup class="numbers">${links}${more}</sup>`;
}

/** Writes all warnings with their numbers, closed at first: what they ask for, and below it each in full. */
export function warningsMarkup(warnings: readonly NumberedWarning[]): Markup | undefined {
  if (warnings.length === 0) return undefined;
  const title = `⚠ ${warnings.length} warning${warnings.length === 1 ? "" : "s"}: a number beside a figure names its own`;
  return html`<details class="warned"><summary>${title}</summary><ol class="warnings">${warnings.map(warningMarkup)}</ol></details>`;
}

function warningMarkup({ id, group }: NumberedWarning): Markup {
  const [text, ...full] = groupLines(group);
  const details = full.length === 0 ? undefined : html`<ul>${full.map((each) => html`<li>${each}</li>`)}</ul>`;
  return html`<li id="${id}">${text}${details}</li>`;
}
