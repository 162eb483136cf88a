import type { View } from "./cardView.ts";
import type { GalleryItem, GalleryView, Outlines } from "./gallery.ts";
import { html, type Markup } from "./markup.ts";

/** Everything that is drawn over a photo. */
export interface Drawn extends Pick<GalleryItem, "size">, Pick<GalleryView, "prompt"> {
  /** Data URI of the photo. */
  readonly photo?: string | undefined;
  /** Id of the photo, where the page holds it once for several drawings. */
  readonly photoId?: string | undefined;
  readonly truth?: Outlines | undefined;
  readonly predictions: readonly Pick<GalleryView["predictions"][number], "series" | "outlines">[];
  /** Borders of the pixels that are in one of two masks alone. */
  readonly differs?: Outlines | undefined;
}

/** Draws photo, outlines and prompt. Lines keep their width on the screen, whatever part of the photo is shown. */
export function drawing(drawn: Drawn, view: View, description: string): Markup {
  const { size, truth, prompt, predictions, differs } = drawn;
  const { width, height } = size;
  return html`<svg viewBox="${view.x} ${view.y} ${view.width} ${view.height}" data-whole="0 0 ${width} ${height}" role="img" aria-label="${description}">
${photoMarkup(drawn)}
${truth === undefined ? undefined : outline("truth", truth)}
${predictions.map(({ outlines, series }) => outline(`variant-${series}`, outlines))}
${differs === undefined ? undefined : outline("differs", differs)}
<g class="prompt">${prompt.box === undefined ? undefined : html`<rect x="${prompt.box.x0}" y="${prompt.box.y0}" width="${prompt.box.x1 - prompt.box.x0}" height="${prompt.box.y1 - prompt.box.y0}"/>`}${prompt.points.map(({ x, y, label }) => html`<circle class="${label === 1 ? "foreground" : "background"}" cx="${x + 0.5}" cy="${y + 0.5}" r="${radius(view, 60)}" data-whole="${radius(size, 120)}"/>`)}</g>
</svg>`;
}

function photoMarkup({ photo, photoId, size }: Drawn): Markup | undefined {
  if (photoId !== undefined) return html`<use href="#${photoId}"/>`;
  if (photo === undefined) return undefined;
  return html`<image href="${photo}" width="${size.width}" height="${size.height}" preserveAspectRatio="none"/>`;
}

/** Returns the radius of a point: the longer side over `share`. */
function radius({ width, height }: Pick<View, "width" | "height">, share: number): string {
  return (Math.max(width, height) / share).toFixed(2);
}

function outline(layer: string, outlines: Outlines): Markup {
  const path = outlines.map((corners) => `M${pairs(corners).join("L")}Z`).join("");
  return html`<path class="${layer}" d="${path}"/>`;
}

function pairs(corners: readonly number[]): string[] {
  return Array.from({ length: corners.length / 2 }, (_, i) => `${corners[2 * i]} ${corners[2 * i + 1]}`);
}
