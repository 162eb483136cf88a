import { wrap } from "../../report/table/formats/layout.ts";
import type { PageDescription, ServedModel } from "../../serve/page/contract.ts";

const defaults = { width: 120 };

interface Told {
  readonly description: PageDescription;
  /** Address of the page, or the folder that it was written to. */
  readonly place: string;
  /** Says what to do next. */
  readonly next: string;
  /** Characters of a line; absent where there is no terminal. */
  readonly width: number | undefined;
}

/** Says where the page is, where each model computes and why, and how many photos it shows. */
export function servedText({ description: { models, photos }, place, next, width = defaults.width }: Told): string {
  const count =
    photos.length === 0 ? "photos of your own alone" : `${photos.length} photos of a data set, and your own`;
  return [place, ...[...models.map(modelText), count, next].map((text) => wrap(text, width))].join("\n");
}

function modelText({ name, place, provider, reason, downloadBytes, weights: { source } }: ServedModel): string {
  const by = provider === undefined ? "" : ` by ${provider}`;
  const where =
    place === "page"
      ? `computes in the page${by}, which loads ${(downloadBytes / 1e6).toFixed(1)} MB for it`
      : `computes in the harness, not in the page: ${reason}`;
  return `${name} (${source}) ${where}`;
}
