import { type Grid, groupOf, groupSpans, nameOf, rowsOf } from "../table/grid.ts";
import { html, type Markup } from "./markup.ts";

/** Writes a grid as an HTML table: the heading of each column is a button that sorts by it, with the keyboard too. */
export function tableMarkup(grid: Grid): Markup {
  const { columns, title, subtitle } = grid;
  const spans = groupSpans(columns);
  const grouped = spans.some(({ group }) => group !== undefined);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${title}">
<table class="figures sortable" data-grid="${grid.id}">
<caption class="hidden">${title}; ${subtitle}. Press a heading to sort.</caption>
<thead>
${grouped ? html`<tr class="groups">${spans.map(({ group, count }) => html`<th colspan="${count}" scope="colgroup">${group ?? ""}</th>`)}</tr>` : undefined}
<tr>${columns.map((column) => html`<th scope="col" class="${column.align}" aria-sort="none"><button type="button" title="sort by ${groupOf(column) ?? ""} ${nameOf(column)}">${nameOf(column)}<span class="arrow" aria-hidden="true"></span></button></th>`)}</tr>
</thead>
<tbody>
${rowsOf(grid).map(
  (texts, row) => html`<tr data-row="${row}">${columns.map(({ align, marks }, i) => {
    const text = texts[i]!;
    const detail = marks?.[row]?.detail;
    const title = detail === undefined ? undefined : html` title="${detail}"`;
    return i === 0 ? html`<th scope="row"${title}>${text}</th>` : html`<td class="${align}"${title}>${text}</td>`;
  })}</tr>
`,
)}</tbody>
</table>
</div>`;
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
