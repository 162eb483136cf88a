import { belowOne, none } from "../../../results/compare/words.ts";
import { cardView } from "../../html/cardView.ts";
import { drawing } from "../../html/drawing.ts";
import type { Outlines } from "../../html/gallery.ts";
import { html, type Markup } from "../../html/markup.ts";
import { layerToggle } from "../../html/viewer.ts";
import type { DifferingPicture } from "./pictures.ts";

const series = { a: 0, b: 1 } as const;

/** Names of the two sides as the page says them. */
export interface SideNames {
  readonly a: string;
  readonly b: string;
}

/** Writes the targets that differ most as cards: each shows the part of the photo where the masks differ most. */
export function differingCards(
  pictures: readonly DifferingPicture[],
  key: string,
  names: SideNames,
): Markup | undefined {
  if (pictures.length === 0) return undefined;
  return html`<section id="${key}masks" class="viewer">
<h3>The targets that differ most</h3>
<p>Each card shows the largest piece that is in one mask alone with its surroundings. Press one for the whole photo; the arrow keys go from one to the next.</p>
<div class="controls">
<fieldset class="layers"><legend>shown</legend>
${layerToggle("prompt", "prompt")}
${layerToggle(`variant-${series.a}`, `A: ${names.a}`)}
${layerToggle(`variant-${series.b}`, `B: ${names.b}`)}
${layerToggle("differs", "where they differ")}
</fieldset>
</div>
<div class="gallery">${pictures.map(card)}</div>
<dialog class="enlarged" aria-label="one target"><form method="dialog"><button type="submit" aria-label="close">×</button></form><div class="place"></div></dialog>
</section>`;
}

/** Returns the outline of the largest area as the only one; nothing where there is none. */
function largestPiece(outlines: Outlines): Outlines | undefined {
  const [largest] = outlines.toSorted((x, y) => areaOf(y) - areaOf(x));
  return largest === undefined ? undefined : [largest];
}

/** Returns the area of a closed polygon `[x, y, x, y, …]` by the shoelace formula. */
function areaOf(corners: readonly number[]): number {
  let twice = 0;
  for (let i = 0; i < corners.length; i += 2) {
    const next = (i + 2) % corners.length;
    twice += corners[i]! * corners[next + 1]! - corners[next]! * corners[i + 1]!;
  }
  return Math.abs(twice) / 2;
}

function card({ target, size, photo, prompt, masks, differs, ious }: DifferingPicture, index: number): Markup {
  const { image, categoryName, prompts, maskIou, differingPx, tokens, predictedIous } = target;
  // Where no pixel differs, the two chose other tokens of one mask, and the prompt says where.
  const view = cardView({ size, prompt, truth: largestPiece(differs) });
  const name = `${categoryName}, prompt ${prompts}, image ${image}`;
  const iou = belowOne(maskIou, 6);
  const predictions = [
    { label: "A", series: series.a, outlines: masks.a },
    { label: "B", series: series.b, outlines: masks.b },
  ];
  return html`<article class="card" data-index="${index}">
<button type="button" class="open" aria-label="enlarge ${name}">
<span class="picture" style="--ratio: ${(view.width / view.height).toFixed(4)}">
${drawing({ size, photo, prompt, predictions, differs }, view, `${name}. IoU of the two masks ${iou}`)}
</span></button>
<div class="about"><strong>${categoryName}</strong> <span class="tag">${prompts}</span>
<span class="muted place-of">image ${image}, target ${target.target}</span>
<span class="place-of">mask IoU ${iou}, ${differingPx} px differ</span></div>
<table class="ious"><thead><tr><th scope="col"></th><th scope="col">token</th><th scope="col">predicted IoU</th><th scope="col">IoU</th></tr></thead><tbody>
${(["a", "b"] as const).map((side) => html`<tr><th scope="row" class="variant-${series[side]}"><span class="key" aria-hidden="true"></span>${side.toUpperCase()}</th><td>${tokens[side]}</td><td>${predictedIous[side].toFixed(5)}</td><td>${ious[side]?.toFixed(3) ?? none}</td></tr>`)}
</tbody></table>
</article>`;
}
