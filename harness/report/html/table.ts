import { groupOf, nameOf } from "../table/grid.ts";
import { html, type Markup } from "./markup.ts";
import type { PageColumn } from "./pageColumns.ts";
import { type NumberedWarning, numbersMarkup, touchesCell } from "./warnings.ts";

interface PageTable {
  /** Id of the grid that is drawn with the same rows. */
  readonly grid: string;
  readonly title: string;
  readonly subtitle: string;
  /** Names of the rows. */
  readonly variants: readonly string[];
  readonly columns: readonly PageColumn[];
  readonly warnings: readonly NumberedWarning[];
}

/**
 * Writes the table of a report. The heading of each column is a button that sorts by it, with the keyboard too; a button shows
 * the further columns. On a small screen each row is a card.
 */
export function tableMarkup(table: PageTable): Markup {
  const { grid, title, subtitle, columns } = table;
  const rows = Array.from({ length: columns[0]!.cells.length }, (_, row) => row);
  const further = columns.filter(({ shown }) => shown === "further").length;
  return html`<div class="table-controls">
<label class="sort-by">sort by <select>${columns.map((column, i) => html`<option value="${i}">${fullName(column)}</option>`)}</select></label>
${further === 0 ? undefined : html`<button type="button" class="further-button" aria-pressed="false">${further} further columns</button>`}
</div>
<div class="scroll" tabindex="0" role="region" aria-label="${title}">
<table class="figures sortable" data-grid="${grid}">
<caption class="hidden">${title}; ${subtitle}. Press a heading to sort.</caption>
<thead>
<tr>${columns.map(headingMarkup)}</tr>
</thead>
<tbody>
${rows.map((row) => html`<tr data-row="${row}">${columns.map((_, i) => cellMarkup(table, row, i))}</tr>\n`)}</tbody>
</table>
</div>`;
}

function headingMarkup(column: PageColumn): Markup {
  const group = groupOf(column);
  const above = group === undefined ? undefined : html`<span class="group">${group}</span>`;
  return html`<th scope="col" class="${column.align} ${column.shown}" aria-sort="none"><button type="button" title="sort by ${fullName(column)}">${above}<span>${nameOf(column)}</span><span class="arrow" aria-hidden="true"></span></button></th>`;
}

function cellMarkup({ variants, columns, warnings }: PageTable, row: number, i: number): Markup {
  const column = columns[i]!;
  const text = column.cells[row]!;
  const signs = column.marks?.[row]?.signs ?? [];
  if (i === 0)
    return html`<th scope="row" data-value="${text}">${text}${signs.includes("efficient") ? efficient : undefined}</th>`;
  const own = warnings.filter((warning) => touchesCell(warning, variants[row]!, column));
  const classes = [column.align, column.shown, ...(signs.includes("best") ? ["best"] : [])].join(" ");
  return html`<td class="${classes}" data-value="${text}" data-label="${fullName(column)}"><span>${text}${numbersMarkup(own)}</span></td>`;
}

const efficient = html`<span class="efficient" title="no other row beats it in accuracy and time" role="img" aria-label="no other row beats it in accuracy and time"></span>`;

function fullName(column: PageColumn): string {
  return [groupOf(column), nameOf(column)].filter((part) => part !== undefined).join(", ");
}

/** Writes records as a plain table; the first record holds the names. */
export function recordsMarkup(records: readonly (readonly (string | number)[])[]): Markup {
  const [names, ...rows] = records;
  const cell = (value: string | number) =>
    typeof value === "number" ? html`<td class="right">${value}</td>` : html`<td>${value}</td>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="data"><table class="figures">
<thead><tr>${(names ?? []).map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody>
</table></div>`;
}
