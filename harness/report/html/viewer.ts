import { type GalleryItem, type GalleryKind, galleryKinds, type Outlines } from "./gallery.ts";
import { html, type Markup } from "./markup.ts";

const kindTitles: Readonly<Record<GalleryKind, string>> = {
  worst: "worst",
  best: "best",
  different: "most different",
  random: "drawn at random",
};

/** The sample of targets: photo, prompt and outlines on it, layers that can be switched off, figures under it. */
export function viewerMarkup(
  items: readonly GalleryItem[],
  key: string,
  credits: readonly string[] = [],
): Markup | undefined {
  if (items.length === 0) return undefined;
  const variants = items[0]!.predictions;
  const kinds = galleryKinds.filter((kind) => items.some((item) => item.kind === kind));
  const truth = items.some((item) => item.truth !== undefined);
  return html`<section id="${key}masks" class="viewer">
<h3>Masks</h3>
<p>${items.length} targets. Press one to enlarge it; the arrow keys go from one to the next.</p>
<div class="controls">
<fieldset class="layers"><legend>shown</legend>
${truth ? layerToggle("truth", "ground truth") : undefined}
${layerToggle("prompt", "prompt")}
${variants.map(({ label, series }) => layerToggle(`variant-${series}`, label))}
</fieldset>
<fieldset class="kinds"><legend>which</legend>
${[html`<label><input type="radio" name="${key}kind" value="all" checked> all</label>`, ...kinds.map((kind) => html`<label><input type="radio" name="${key}kind" value="${kind}"> ${kindTitles[kind]}</label>`)]}
</fieldset>
</div>
<div class="gallery">${items.map(cardMarkup)}</div>
${credits.map((credit) => html`<p class="muted credits">${credit} (shown smaller here)</p>`)}
<dialog class="enlarged" aria-label="one target"><form method="dialog"><button type="submit" aria-label="close">×</button></form><div class="place"></div></dialog>
</section>`;
}

function layerToggle(layer: string, label: string): Markup {
  return html`<label class="${layer}"><input type="checkbox" data-layer="${layer}" checked> <span class="key" aria-hidden="true"></span>${label}</label>`;
}

function cardMarkup(item: GalleryItem, index: number): Markup {
  const { kind, image, target, prompts, categoryName, predictions, size } = item;
  const name = `${categoryName}, prompt ${prompts}, image ${image}`;
  const figures = predictions.map(({ label, iou }) => `${label}: IoU ${iou.toFixed(2)}`).join("; ");
  return html`<article class="card" data-kind="${kind}" data-index="${index}">
<button type="button" class="open" aria-label="enlarge ${name}">
<span class="picture" style="--ratio: ${(size.width / size.height).toFixed(4)}">
${item.photo === undefined ? undefined : html`<img src="${item.photo}" alt="" decoding="async">`}
${overlay(item, `${name}. ${figures}`)}
</span></button>
<div class="about"><strong>${categoryName}</strong> <span class="tag">${prompts}</span> <span class="tag">${kindTitles[kind]}</span>
<span class="muted">image ${image}, target ${target}</span></div>
<table class="ious"><thead><tr><th scope="col"></th><th scope="col">IoU</th><th scope="col">predicted</th></tr></thead><tbody>
${predictions.map(({ label, series, iou, predictedIou }) => html`<tr><th scope="row" class="variant-${series}"><span class="key" aria-hidden="true"></span>${label}</th><td>${iou.toFixed(3)}</td><td>${predictedIou.toFixed(3)}</td></tr>`)}
</tbody></table>
</article>`;
}

/** Lines keep their width on the screen, whatever the photo's size. */
function overlay({ size, truth, prompt, predictions }: GalleryItem, description: string): Markup {
  const { width, height } = size;
  const radius = Math.max(width, height) / 90;
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${description}" preserveAspectRatio="none">
${truth === undefined ? undefined : outline("truth", truth)}
${predictions.map(({ outlines, series }) => outline(`variant-${series}`, outlines))}
<g class="prompt">${prompt.box === undefined ? undefined : html`<rect x="${prompt.box.x0}" y="${prompt.box.y0}" width="${prompt.box.x1 - prompt.box.x0}" height="${prompt.box.y1 - prompt.box.y0}"/>`}${prompt.points.map(({ x, y, label }) => html`<circle class="${label === 1 ? "foreground" : "background"}" cx="${x + 0.5}" cy="${y + 0.5}" r="${radius}"/>`)}</g>
</svg>`;
}

function outline(layer: string, outlines: Outlines): Markup {
  const path = outlines.map((corners) => `M${pairs(corners).join("L")}Z`).join("");
  return html`<path class="${layer}" d="${path}"/>`;
}

function pairs(corners: readonly number[]): string[] {
  return Array.from({ length: corners.length / 2 }, (_, i) => `${corners[2 * i]} ${corners[2 * i + 1]}`);
}
