import { type Grid, groupSpans, rowCount } from "../table/grid.ts";
import { html, type Markup } from "./markup.ts";

/** The table of papers: each column's heading sorts by it, with the keyboard too. */
export function tableMarkup(grid: Grid): Markup {
  const { columns, title, subtitle } = grid;
  const spans = groupSpans(columns);
  const grouped = spans.some(({ group }) => group !== undefined);
  const rows = Array.from({ length: rowCount(grid) }, (_, i) => i);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${title}">
<table class="figures sortable" data-grid="${grid.id}">
<caption class="hidden">${title}; ${subtitle}. Press a heading to sort.</caption>
<thead>
${grouped ? html`<tr class="groups">${spans.map(({ group, count }) => html`<th colspan="${count}" scope="colgroup">${group ?? ""}</th>`)}</tr>` : undefined}
<tr>${columns.map(({ header, align, group }) => html`<th scope="col" class="${align}" aria-sort="none"><button type="button" title="sort by ${group ?? ""} ${header}">${header}<span class="arrow" aria-hidden="true"></span></button></th>`)}</tr>
</thead>
<tbody>
${rows.map(
  (row) => html`<tr data-row="${row}">${columns.map(({ cells, align }, i) => {
    const { text, detail } = cells[row]!;
    const title = detail === undefined ? undefined : html` title="${detail}"`;
    return i === 0 ? html`<th scope="row"${title}>${text}</th>` : html`<td class="${align}"${title}>${text}</td>`;
  })}</tr>
`,
)}</tbody>
</table>
</div>`;
}

/** Records as a plain table: the first has the names. */
export function recordsMarkup(records: readonly (readonly (string | number)[])[]): Markup {
  const [names, ...rows] = records;
  const cell = (value: string | number) =>
    typeof value === "number" ? html`<td class="right">${value}</td>` : html`<td>${value}</td>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="data"><table class="figures">
<thead><tr>${(names ?? []).map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody>
</table></div>`;
}
