import { readFileSync } from "node:fs";
import type { RunReport } from "../results/report.ts";
import { themes } from "./charts/drawing/theme.ts";
import { chartRuntime } from "./charts/drawing/vega.ts";
import { type Chart, type ChartRun, chartConfig, chartSections, withoutLegend } from "./charts/index.ts";
import type { ClickPage } from "./html/clickPage.ts";
import { sectionMarkup } from "./html/figure.ts";
import type { GalleryItem } from "./html/gallery.ts";
import { machineMarkup } from "./html/machine.ts";
import { html, jsonScript, type Markup, script, style } from "./html/markup.ts";
import { pageColumns } from "./html/pageColumns.ts";
import { tableMarkup } from "./html/table.ts";
import { viewerMarkup } from "./html/viewer.ts";
import { numberedWarnings, warningsMarkup } from "./html/warnings.ts";
import { creditLines, footLines, licenceLines } from "./table/foot.ts";
import { gridSpec } from "./table/formats/gridSpec.ts";
import type { Grid } from "./table/grid.ts";
import { headLines, titleOf } from "./table/headLines.ts";
import { resultGrid } from "./table/resultGrid.ts";
import { baseOf } from "./table/tables.ts";

/** Runs on one dataset, in the order of their table. */
export interface ReportGroup {
  readonly runs: readonly ChartRun[];
  readonly gallery: readonly GalleryItem[];
  /** Sentences on what the figures come to. */
  readonly summary?: readonly string[];
  /** Where a target of the gallery can be tried by hand. */
  readonly clickPage?: ClickPage | undefined;
}

interface Report {
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly groups: readonly ReportGroup[];
}

/** Charts and tables of a report: each is in the page, and a file beside it. */
export interface ReportCharts {
  readonly charts: readonly Chart[];
  /** Tables that are drawn as charts, one for each dataset. */
  readonly grids: readonly Grid[];
}

interface DrawnGroup extends ReportGroup {
  readonly key: string;
  readonly grid: Grid;
  readonly sections: readonly { readonly title: string; readonly charts: readonly Chart[] }[];
}

/**
 * Writes a report as one file that needs nothing else: libraries, figures, photos and masks are in it, and it asks no
 * address for anything.
 */
export function reportPage(report: Report): { readonly page: string } & ReportCharts {
  const groups = report.groups.map((group, i) => drawGroup(group, report.groups.length > 1 ? `${i + 1}-` : ""));
  const charts = groups.flatMap(({ sections }) => sections.flatMap((section) => section.charts));
  const grids = groups.map(({ grid }) => grid);
  return { page: `<!doctype html>\n${pageMarkup(report, groups, charts).markup}\n`, charts, grids };
}

/** Draws one group. The prefix keeps files of two datasets apart. */
function drawGroup(group: ReportGroup, prefix: string): DrawnGroup {
  const own = resultGrid(group.runs.map(named));
  const sections = chartSections.flatMap(({ title, charts }) => {
    const drawn = charts(group.runs).map((chart) => ({ ...chart, id: fileName(`${prefix}${chart.id}`) }));
    return drawn.length === 0 ? [] : [{ title, charts: drawn }];
  });
  return { ...group, key: prefix, grid: { ...own, id: fileName(`${prefix}${own.id}`) }, sections };
}

/**
 * Returns an id that is safe as a file name: names of prompts and datasets are data, and none may lead out of the folder.
 */
function fileName(id: string): string {
  return id.replace(/[^\w@.-]+/g, "-");
}

/** Names the run in the table as its charts name it. */
function named({ label, report }: ChartRun): RunReport {
  return { ...report, variant: label };
}

/**
 * The browser loads nothing from outside the page, whatever the page says. `unsafe-eval` is there because Vega compiles its
 * expressions.
 */
const policy =
  "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'";

function pageMarkup(report: Report, groups: readonly DrawnGroup[], charts: readonly Chart[]): Markup {
  const runs = report.groups.flatMap((group) => group.runs);
  const asset = (name: string) => readFileSync(new URL(`./html/${name}`, import.meta.url), "utf8");
  const title = `sam-bench: ${[...new Set(runs.map(({ label }) => label))].join(", ")}`;
  return html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
${style(asset("page.css") + seriesRules(runs.length))}
</head>
<body>
<a class="skip" href="#results">skip to the results</a>
<header>
<div><h1>sam-bench</h1><p>${summaryOf(report)}</p></div>
<button type="button" id="theme" aria-label="switch between dark and light">◐</button>
</header>
<nav aria-label="sections">${navigation(groups)}</nav>
<main id="results">
${groups.map(groupMarkup)}
${machineMarkup(runs)}
</main>
<footer>Made by sam-bench, ${report.createdAt.slice(0, 10)}. Nothing in this page is asked of a network.</footer>
${jsonScript("charts", Object.fromEntries(charts.map(drawnSpecs)))}
${jsonScript("grids", Object.fromEntries(groups.map(({ grid }) => [grid.id, gridSpec(grid)])))}
${jsonScript("configs", { light: chartConfig("light"), dark: chartConfig("dark") })}
${chartRuntime().map(script)}
${script(asset("page.js"))}
</body>
</html>`;
}

/** Returns what the page draws of a chart, under its id. */
function drawnSpecs({ id, spec, narrow, colours }: Chart): readonly [string, object] {
  const drawn = (each: Chart["spec"]) => (colours === "variants" ? withoutLegend(each) : each);
  return [id, { spec: drawn(spec), narrow: narrow === undefined ? undefined : drawn(narrow) }];
}

/** Gives masks the colours that charts give to their variants. */
export function seriesRules(runs: number): string {
  const rules = (theme: keyof typeof themes) =>
    themes[theme].series.map((colour, i) => `--series-${i}: ${colour};`).join("");
  // As a scale of Vega does: more series than colours begin anew.
  const layers = Array.from(
    { length: runs },
    (_, i) => `.variant-${i} { --colour: var(--series-${i % themes.light.series.length}); }`,
  ).join("\n");
  return `:root { ${rules("light")} }\n:root[data-theme="dark"] { ${rules("dark")} }\n${layers}`;
}

function summaryOf({ groups }: Report): string {
  const runs = groups.flatMap((group) => group.runs);
  const datasets = groups.map((group) => titleOf(group.runs[0]!.report)).join("; ");
  const cpu = [...new Set(runs.map(({ manifest }) => manifest.environment.cpu.model))].join(", ");
  return `${runs.length} run${runs.length === 1 ? "" : "s"} on ${datasets}; measured on ${cpu}`;
}

function navigation(groups: readonly DrawnGroup[]): readonly Markup[] {
  const several = groups.length > 1;
  return [
    ...groups.flatMap(({ key, runs, sections, gallery }) => [
      html`<a href="#${key}table">${several ? titleOf(runs[0]!.report) : "Table"}</a>`,
      ...(several ? [] : sections.map(({ title }, i) => html`<a href="#${key}section-${i}">${title}</a>`)),
      ...(gallery.length === 0 ? [] : [html`<a href="#${key}masks">Masks</a>`]),
    ]),
    html`<a href="#machine">Machine and plan</a>`,
  ];
}

function groupMarkup({ key, runs, grid, sections, gallery, summary = [], clickPage }: DrawnGroup): Markup {
  const reports = runs.map(named);
  const warnings = numberedWarnings(reports, key);
  const table = {
    grid: grid.id,
    title: grid.title,
    subtitle: grid.subtitle,
    variants: reports.map(({ variant }) => variant),
    columns: pageColumns(reports),
    warnings,
  };
  return html`<section id="${key}table">
<h2>${grid.title}</h2>
${summary.length === 0 ? undefined : html`<p class="summary">${summary.join(" ")}</p>`}
<p class="muted">${headLines(reports).map((line) => html`${line}<br>`)}</p>
${tableMarkup(table)}
${warningsMarkup(warnings)}
${licenceLines(reports).map((line) => html`<p class="muted licence">${line}</p>`)}
<details class="meaning"><summary>What the figures mean</summary><ul>${footLines(reports, baseOf(reports)).map((line) => html`<li>${line}</li>`)}</ul></details>
<details class="vega-table"><summary>The same table as a Vega-Lite chart, sorted alike</summary><div class="scroll"><div class="chart" data-grid-chart="${grid.id}" role="img" aria-label="${grid.title}"></div></div><p class="files">beside this page: <code>${grid.id}.vl.json</code> <code>${grid.id}.svg</code> <code>${grid.id}.png</code></p></details>
</section>
${sections.map((section, i) => sectionMarkup({ ...section, id: `${key}section-${i}` }, runs, warnings))}
${viewerMarkup(gallery, key, { credits: creditLines(reports), clickPage })}`;
}
