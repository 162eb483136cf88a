import { cocoSizes } from "../../metrics/index.ts";
import type { ClickPage } from "./clickPage.ts";
import { type GalleryItem, type GalleryKind, galleryKinds } from "./gallery.ts";
import { galleryCardMarkup, kindTitles, photoId, sizeOf } from "./galleryCard.ts";
import { html, type Markup } from "./markup.ts";
import { shortNames } from "./shortNames.ts";

/** What a viewer says beside its targets. */
export interface ViewerNotes {
  /** Lines that name the photos' sources. */
  readonly credits?: readonly string[];
  readonly clickPage?: ClickPage | undefined;
}

/**
 * Writes the viewer of masks: photos with prompt and outlines on them, the same target under each prompts name side by side,
 * layers that can be switched off, and filters.
 */
export function viewerMarkup(
  items: readonly GalleryItem[],
  key: string,
  { credits = [], clickPage }: ViewerNotes = {},
): Markup | undefined {
  if (items.length === 0) return undefined;
  const variants = items[0]!.views[0]!.predictions;
  const names = shortNames(variants.map(({ label }) => label));
  const truth = items.some((item) => item.truth !== undefined);
  return html`<section id="${key}masks" class="viewer">
<h3>Masks</h3>
<p>${items.length} targets, each under all prompts; small ones with the part of the photo around them. Press one for the whole photo; the arrow keys go from one to the next.</p>
${clickPage === undefined ? undefined : html`<p class="muted">“try by hand” opens a target in the page that <code>${clickPage.command}</code> starts on this machine.</p>`}
<div class="controls">
<fieldset class="layers"><legend>shown</legend>
${truth ? layerToggle("truth", "ground truth") : undefined}
${layerToggle("prompt", "prompt")}
${variants.map(({ label, series }, i) => layerToggle(`variant-${series}`, names[i]!, label))}
</fieldset>
<div class="filters">
${filterMarkup(
  "kind",
  "which",
  galleryKinds,
  items.map(({ kind }) => kind),
  (kind) => kindTitles[kind as GalleryKind],
)}
${filterMarkup(
  "category",
  "category",
  categoriesOf(items),
  items.map(({ categoryName }) => categoryName),
)}
${filterMarkup(
  "size",
  "size",
  cocoSizes.map(({ id }) => id),
  items.map(sizeOf),
)}
<span class="count muted" role="status"></span>
</div>
</div>
${photosMarkup(items, key)}
<div class="gallery of-prompts">${items.map((item, index) => galleryCardMarkup(item, index, { key, names, clickPage }))}</div>
${credits.map((credit) => html`<p class="muted credits">${credit} (shown smaller here)</p>`)}
<dialog class="enlarged" aria-label="one target"><form method="dialog"><button type="submit" aria-label="close">×</button></form><div class="place"></div></dialog>
</section>`;
}

function categoriesOf(items: readonly GalleryItem[]): readonly string[] {
  return [...new Set(items.map(({ categoryName }) => categoryName))].sort();
}

/** Writes a filter by the values that occur, each with its number of targets. Nothing where there is only one. */
function filterMarkup(
  name: string,
  title: string,
  order: readonly string[],
  values: readonly string[],
  titleOf: (value: string) => string = (value) => value,
): Markup | undefined {
  const found = order.filter((value) => values.includes(value));
  if (found.length < 2) return undefined;
  const option = (value: string) =>
    html`<option value="${value}">${titleOf(value)} (${values.filter((each) => each === value).length})</option>`;
  return html`<label>${title} <select data-filter="${name}"><option value="">all (${values.length})</option>${found.map(option)}</select></label>\n`;
}

export function layerToggle(layer: string, label: string, full?: string): Markup {
  return html`<label class="${layer}"${full === undefined ? undefined : html` title="${full}"`}><input type="checkbox" data-layer="${layer}" checked> <span class="key" aria-hidden="true"></span>${label}</label>`;
}

/** Writes each photo once, for all drawings of its targets. */
function photosMarkup(items: readonly GalleryItem[], key: string): Markup | undefined {
  const photos = new Map(items.flatMap((item) => (item.photo === undefined ? [] : [[item.image, item] as const])));
  if (photos.size === 0) return undefined;
  const image = ([id, { photo, size }]: readonly [number, GalleryItem]) =>
    html`<image id="${photoId(key, id)}" href="${photo}" width="${size.width}" height="${size.height}" preserveAspectRatio="none"/>`;
  return html`<svg class="photos" aria-hidden="true"><defs>${[...photos].map(image)}</defs></svg>`;
}
