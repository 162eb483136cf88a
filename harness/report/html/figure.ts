import type { Chart, ChartRun } from "../charts/index.ts";
import { html, type Markup } from "./markup.ts";
import { symbolMarkup } from "./symbols.ts";
import { recordsMarkup } from "./table.ts";
import { type NumberedWarning, numbersMarkup, touchesSubject } from "./warnings.ts";

interface Section {
  readonly id: string;
  readonly title: string;
  readonly charts: readonly Chart[];
}

/**
 * Writes the charts of one heading in a row. Charts that colour variants share one legend, and a caption that is the same
 * for all stands once.
 */
export function sectionMarkup(
  { id, title, charts }: Section,
  runs: readonly ChartRun[],
  warnings: readonly NumberedWarning[],
): Markup {
  const captions = new Set(charts.map(({ caption }) => caption));
  const shared = captions.size === 1 && charts.length > 1 ? charts[0]!.caption : undefined;
  return html`<section id="${id}"><h3>${title}</h3>
${shared === undefined ? undefined : html`<p class="caption">${shared}</p>`}
${legendMarkup(charts, runs)}
<div class="figures-row${charts.length === 1 ? " alone" : ""}">${charts.map((chart) => figureMarkup(chart, warnings, shared === undefined ? chart.caption : undefined))}</div></section>
`;
}

/** Writes the legend of all charts of a section that colour variants; the others bring their own. */
function legendMarkup(charts: readonly Chart[], runs: readonly ChartRun[]): Markup | undefined {
  const coloured = charts.filter(({ colours }) => colours === "variants");
  if (coloured.length === 0) return undefined;
  const shown = new Set(coloured.flatMap(({ records }) => records.map(([name]) => name)));
  const entries = runs.flatMap(({ label }, series) =>
    shown.has(label) ? [html`<li class="variant-${series}">${symbolMarkup(series)}${label}</li>`] : [],
  );
  return html`<ul class="legend" aria-label="variants">${entries}</ul>`;
}

/** Writes a chart's place in the page, with the numbers of the warnings about it and its data as a table. */
function figureMarkup(chart: Chart, warnings: readonly NumberedWarning[], caption: string | undefined): Markup {
  const { id, title, alt, panel, records } = chart;
  const own = warnings.filter((warning) => touchesSubject(warning, chart.touches));
  const heading = panel === undefined ? title : html`${panel.name} <span class="muted">${panel.protocol}</span>`;
  return html`<figure id="${id}">
<h4>${heading}${own.length === 0 ? undefined : html` <span class="warned-by">⚠${numbersMarkup(own)}</span>`}</h4>
<div class="chart" data-chart="${id}" role="img" aria-label="${title}. ${alt}"></div>
${caption === undefined ? undefined : html`<figcaption>${caption}</figcaption>`}
<details><summary>The figures behind it</summary>
${recordsMarkup(records)}
<p class="files">beside this page: ${["vl.json", "svg", "png"].map((ending) => html`<code>${id}.${ending}</code> `)}</p>
</details>
</figure>`;
}
