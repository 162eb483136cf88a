import type { Chart } from "../charts/index.ts";
import { html, type Markup } from "./markup.ts";
import { recordsMarkup } from "./table.ts";

interface Warned {
  readonly about: string;
  readonly text: string;
}

/** Writes a chart's place in the page, with the warnings about it and its data as a table. */
export function figureMarkup(chart: Chart, warnings: readonly Warned[]): Markup {
  const own = warnings.filter(({ about }) => chart.touches.test(about));
  return html`<figure id="${chart.id}">
<h4>${chart.title}</h4>
<div class="chart" data-chart="${chart.id}" role="img" aria-label="${chart.title}. ${chart.alt}"></div>
<figcaption>${chart.caption}</figcaption>
${own.length === 0 ? undefined : html`<details class="warned"><summary>⚠ ${own.length} warning${own.length === 1 ? "" : "s"} about this figure</summary>${warningsMarkup(own)}</details>`}
<details><summary>The figures behind it</summary>
${recordsMarkup(chart.records)}
<p class="files">beside this page: ${["vl.json", "svg", "png"].map((ending) => html`<code>${chart.id}.${ending}</code> `)}</p>
</details>
</figure>`;
}

export function warningsMarkup(warnings: readonly Warned[]): Markup | undefined {
  if (warnings.length === 0) return undefined;
  return html`<ul class="warnings" aria-label="warnings">${warnings.map(({ text }) => html`<li>${text}</li>`)}</ul>`;
}
