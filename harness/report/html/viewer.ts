import { cardView, type View } from "./cardView.ts";
import { type GalleryItem, type GalleryKind, galleryKinds, type Outlines } from "./gallery.ts";
import { html, type Markup } from "./markup.ts";

const kindTitles: Readonly<Record<GalleryKind, string>> = {
  worst: "worst",
  best: "best",
  different: "most different",
  random: "drawn at random",
};

/**
 * Writes the viewer of masks: photos with prompt and outlines on them, layers that can be switched off, and figures under
 * them.
 */
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
<p>${items.length} targets, small ones with the part of the photo around them. Press one for the whole photo; the arrow keys go from one to the next.</p>
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

export function layerToggle(layer: string, label: string): Markup {
  return html`<label class="${layer}"><input type="checkbox" data-layer="${layer}" checked> <span class="key" aria-hidden="true"></span>${label}</label>`;
}

function cardMarkup(item: GalleryItem, index: number): Markup {
  const { kind, image, target, prompts, categoryName, predictions } = item;
  const view = cardView(item);
  const name = `${categoryName}, prompt ${prompts}, image ${image}`;
  const figures = predictions.map(({ label, iou }) => `${label}: IoU ${iou.toFixed(2)}`).join("; ");
  return html`<article class="card" data-kind="${kind}" data-index="${index}">
<button type="button" class="open" aria-label="enlarge ${name}">
<span class="picture" style="--ratio: ${(view.width / view.height).toFixed(4)}">
${drawing(item, view, `${name}. ${figures}`)}
</span></button>
<div class="about"><strong>${categoryName}</strong> <span class="tag">${prompts}</span> <span class="tag">${kindTitles[kind]}</span>
<span class="muted place-of">image ${image}, target ${target}</span></div>
<table class="ious"><thead><tr><th scope="col"></th><th scope="col">IoU</th><th scope="col">predicted</th></tr></thead><tbody>
${predictions.map(({ label, series, iou, predictedIou }) => html`<tr><th scope="row" class="variant-${series}"><span class="key" aria-hidden="true"></span>${label}</th><td>${iou.toFixed(3)}</td><td>${predictedIou.toFixed(3)}</td></tr>`)}
</tbody></table>
</article>`;
}

/** Everything that is drawn over a photo. */
export interface Drawn extends Pick<GalleryItem, "size" | "prompt"> {
  readonly photo?: string | undefined;
  readonly truth?: Outlines | undefined;
  readonly predictions: readonly Pick<GalleryItem["predictions"][number], "series" | "outlines">[];
  /** Borders of the pixels that are in one of two masks alone. */
  readonly differs?: Outlines | undefined;
}

/** Draws photo, outlines and prompt. Lines keep their width on the screen, whatever part of the photo is shown. */
export function drawing(
  { size, photo, truth, prompt, predictions, differs }: Drawn,
  view: View,
  description: string,
): Markup {
  const { width, height } = size;
  return html`<svg viewBox="${view.x} ${view.y} ${view.width} ${view.height}" data-whole="0 0 ${width} ${height}" role="img" aria-label="${description}">
${photo === undefined ? undefined : html`<image href="${photo}" width="${width}" height="${height}" preserveAspectRatio="none"/>`}
${truth === undefined ? undefined : outline("truth", truth)}
${predictions.map(({ outlines, series }) => outline(`variant-${series}`, outlines))}
${differs === undefined ? undefined : outline("differs", differs)}
<g class="prompt">${prompt.box === undefined ? undefined : html`<rect x="${prompt.box.x0}" y="${prompt.box.y0}" width="${prompt.box.x1 - prompt.box.x0}" height="${prompt.box.y1 - prompt.box.y0}"/>`}${prompt.points.map(({ x, y, label }) => html`<circle class="${label === 1 ? "foreground" : "background"}" cx="${x + 0.5}" cy="${y + 0.5}" r="${radius(view, 70)}" data-whole="${radius(size, 140)}"/>`)}</g>
</svg>`;
}

/** Returns the radius of a point: the longer side over `part`. */
function radius({ width, height }: Pick<View, "width" | "height">, part: number): string {
  return (Math.max(width, height) / part).toFixed(2);
}

function outline(layer: string, outlines: Outlines): Markup {
  const path = outlines.map((corners) => `M${pairs(corners).join("L")}Z`).join("");
  return html`<path class="${layer}" d="${path}"/>`;
}

function pairs(corners: readonly number[]): string[] {
  return Array.from({ length: corners.length / 2 }, (_, i) => `${corners[2 * i]} ${corners[2 * i + 1]}`);
}
