import { HarnessError } from "../../../../errors.ts";
import { visible } from "../../../../visible.ts";

/** Texts of figures, the same wherever they stand in the page. */

export function durationText(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms >= 10 ? Math.round(ms).toLocaleString("en") : ms.toFixed(1)} ms`;
}

export function megabytesText(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function pixelsText(pixels: number): string {
  return `${pixels.toLocaleString("en")} px`;
}

/** Three digits, as in the table of a report; a dash where there is no IoU. */
export function iouText(iou: number | undefined): string {
  return iou === undefined ? "–" : iou.toFixed(3);
}

export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Returns an error as a sentence that a person can act on, on one line. */
export function sentenceOf(error: unknown): string {
  if (error instanceof HarnessError)
    return visible(
      error.hint === undefined ? ended(error.message) : `${ended(error.message)} ${ended(capital(error.hint))}`,
    );
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError || /out of memory|allocation failed|memory access/i.test(message))
    return "The browser has not enough memory for this. Close other pages, or open a smaller photo.";
  return visible(ended(message));
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
