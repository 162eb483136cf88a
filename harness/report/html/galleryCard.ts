import { cocoSizes, isOfSize } from "../../metrics/index.ts";
import { cardView } from "./cardView.ts";
import { type ClickPage, targetAddress } from "./clickPage.ts";
import { drawing } from "./drawing.ts";
import type { GalleryItem, GalleryKind, GalleryView } from "./gallery.ts";
import { html, type Markup } from "./markup.ts";

export const kindTitles: Readonly<Record<GalleryKind, string>> = {
  worst: "worst",
  best: "best",
  different: "most different",
  random: "drawn at random",
};

/** Returns the size of a target by COCO's bounds; one on a bound is of the smaller size. */
export function sizeOf({ areaPx }: Pick<GalleryItem, "areaPx">): string {
  return cocoSizes.find((size) => isOfSize(size, areaPx))!.id;
}

export function photoId(key: string, image: number): string {
  return `${key}photo-${image}`;
}

interface CardContext {
  readonly key: string;
  /** Short names of the variants, in the order of the predictions. */
  readonly names: readonly string[];
  readonly clickPage?: ClickPage | undefined;
}

/** Writes the card of a target: one drawing for each prompts name, and the IoU of each variant. */
export function galleryCardMarkup(item: GalleryItem, index: number, context: CardContext): Markup {
  const { kind, image, target, categoryName, views } = item;
  return html`<article class="card" data-kind="${kind}" data-category="${categoryName}" data-size="${sizeOf(item)}" data-index="${index}">
<div class="about"><strong>${categoryName}</strong> <span class="tag">${kindTitles[kind]}</span> <span class="tag">${sizeOf(item)}</span>
<span class="muted place-of">image ${image}, target ${target}</span>${context.clickPage === undefined ? undefined : html` ${linkMarkup(item, context.clickPage)}`}</div>
<div class="views">${views.map((view) => viewMarkup(item, view, context))}</div>
<details class="ious-of"><summary>IoU of each variant</summary>${iousMarkup(views, context)}</details>
</article>`;
}

/** A link to the page of `bench serve`: nothing is asked of it before a reader follows the link. */
function linkMarkup(item: GalleryItem, page: ClickPage): Markup {
  const name = `try ${item.categoryName}, image ${item.image}, target ${item.target} by hand`;
  return html`<a class="by-hand" href="${targetAddress(page, item)}" title="in the page that ${page.command} starts" aria-label="${name}">try by hand</a>`;
}

function viewMarkup(item: GalleryItem, view: GalleryView, context: CardContext): Markup {
  const { prompts, predictions } = view;
  const part = cardView({ ...item, prompt: item.views[0]!.prompt });
  const shared = item.photo === undefined ? undefined : photoId(context.key, item.image);
  const drawn = { ...item, ...view, photo: undefined, photoId: shared };
  const name = `${item.categoryName}, prompt ${prompts}, image ${item.image}`;
  const figures = predictions.map(({ label, iou }) => `${label}: IoU ${iou.toFixed(2)}`).join("; ");
  return html`<div class="view"><button type="button" class="open" aria-label="enlarge ${name}">
<span class="picture" style="--ratio: ${(part.width / part.height).toFixed(4)}">
${drawing(drawn, part, `${name}. ${figures}`)}
</span></button><p><span class="tag">${prompts}</span> <span class="muted">IoU ${rangeText(predictions.map(({ iou }) => iou))}</span></p></div>`;
}

function rangeText(ious: readonly number[]): string {
  const [low, high] = [Math.min(...ious), Math.max(...ious)].map((iou) => iou.toFixed(2));
  return low === high ? low! : `${low} to ${high}`;
}

/** Writes a row a variant and a column for each prompts name; the predicted IoU is what a pointer shows. */
function iousMarkup(views: readonly GalleryView[], { names }: CardContext): Markup {
  const row = ({ label, series }: GalleryView["predictions"][number], i: number) =>
    html`<tr><th scope="row" class="variant-${series}" title="${label}"><span class="key" aria-hidden="true"></span>${names[i]}</th>${views.map(({ predictions }) => iouCell(predictions[i]!))}</tr>`;
  return html`<table class="ious"><thead><tr><th scope="col"><span class="hidden">variant</span></th>${views.map(({ prompts }) => html`<th scope="col">${prompts}</th>`)}</tr></thead><tbody>
${views[0]!.predictions.map(row)}
</tbody></table>`;
}

function iouCell({ iou, predictedIou }: GalleryView["predictions"][number]): Markup {
  return html`<td title="predicted ${predictedIou.toFixed(3)}">${iou.toFixed(3)}</td>`;
}
