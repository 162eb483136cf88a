import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError } from "../../../errors.ts";
import type { ComparedRun, Comparison } from "../../../results/compare/compare.ts";
import { html, jsonScript, type Markup, script, style } from "../../html/markup.ts";
import { recordsMarkup } from "../../html/table.ts";
import { seriesRules } from "../../html.ts";
import { licenceLines } from "../../table/foot.ts";
import type { Column } from "../../table/grid.ts";
import { agreementColumns, agreementNotes } from "../agreementText.ts";
import { differingCards } from "./cards.ts";
import type { DifferingPicture } from "./pictures.ts";

/** A comparison and the targets of it that are drawn. */
export interface ComparedPage {
  readonly comparison: Comparison;
  readonly pictures: readonly DifferingPicture[];
  /** Names whose work the photos are, a line each. */
  readonly credits: readonly string[];
}

/** The browser loads nothing from outside the page, whatever the page says. */
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/** A's outline is wider and lies below: both are seen where they are one. */
const ownRules = `
.picture path.variant-0 { stroke-width: 5; }
.picture path.variant-1 { stroke-width: 1.5; }
.picture path.differs { fill: #ff2bd6; fill-opacity: 0.6; stroke: #ff2bd6; stroke-width: 3; }
.layers .differs .key { background: #ff2bd6; }
`;

/** Writes comparisons as one page that needs nothing else: photos and masks are in it, and it asks no address for anything. */
export function comparisonPage(compared: readonly ComparedPage[], createdAt: string): string {
  const asset = (name: string) => readFileSync(new URL(`../../html/${name}`, import.meta.url), "utf8");
  const names = compared.flatMap(({ comparison: { a, b } }) => [a.variant, b.variant]);
  const markup = html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>sam-bench: agreement of ${[...new Set(names)].join(", ")}</title>
${style(asset("page.css") + seriesRules(2) + ownRules)}
</head>
<body>
<a class="skip" href="#results">skip to the results</a>
<header>
<div><h1>sam-bench</h1><p>agreement of stored runs</p></div>
<button type="button" id="theme" aria-label="switch between dark and light">◐</button>
</header>
<main id="results">
${compared.map((each, i) => sectionMarkup(each, compared.length > 1 ? `${i + 1}-` : ""))}
</main>
<footer>Made by sam-bench, ${createdAt.slice(0, 10)}. Nothing in this page is asked of a network.</footer>
${["charts", "grids", "configs"].map((id) => jsonScript(id, {}))}
${script(asset("page.js"))}
</body>
</html>`;
  return `<!doctype html>\n${markup.markup}\n`;
}

function sectionMarkup({ comparison, pictures, credits }: ComparedPage, key: string): Markup {
  const { a, b, dataset, images, agreement, verdict } = comparison;
  const notes = agreement === undefined ? ["the two runs share no masks"] : agreementNotes(agreement);
  return html`<section id="${key}agreement">
<h2>${b.variant} and ${a.variant}</h2>
<p>A: ${runText(a)}<br>B: ${runText(b)}<br>${dataset}, ${images} images in both</p>
${agreement === undefined || agreement.prompts.length === 0 ? undefined : recordsMarkup(recordsOf(agreementColumns(agreement)))}
<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>
${licenceLines([a, b]).map((line) => html`<p class="muted licence">${line}</p>`)}
<h3>Verdict on accuracy and speed</h3>
<ul>${verdict.sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>
</section>
${differingCards(pictures, key, { a: a.variant, b: b.variant })}
${pictures.some(({ photo }) => photo !== undefined) ? credits.map((credit) => html`<p class="muted credits">${credit} (shown smaller here)</p>`) : undefined}`;
}

function runText({ id, variant, weights }: ComparedRun): string {
  return `${variant}, ${weights} (run ${id})`;
}

/** Returns columns as records; the first record holds the names. */
function recordsOf(columns: readonly Column[]): readonly (readonly string[])[] {
  const rows = columns[0]!.cells.map((_, row) => columns.map(({ cells }) => cells[row]!));
  return [columns.map(({ header }) => header.join(" ")), ...rows];
}

/** Writes the page into a folder and returns its file. Throws HarnessError where the folder can not be made. */
export async function writeComparisonPage(folder: string, page: string): Promise<string> {
  await mkdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new HarnessError(`${folder}: can not be made`, { found: cause.code, cause });
  });
  const file = join(folder, "index.html");
  await writeFile(file, page);
  return file;
}
