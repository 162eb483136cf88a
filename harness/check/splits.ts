import type { FileImage } from "../coco/index.ts";

/** Counts of a published split of COCO or LVIS. */
export interface PublishedSplit {
  readonly id: string;
  readonly title: string;
  readonly format: "coco" | "lvis";
  readonly images: number;
  readonly annotations: number;
  readonly categories: number;
  /** Annotations that are crowds; absent where nobody states the number. */
  readonly crowds?: number;
}

/**
 * The splits that papers use, with the counts of their released files. Sources: cocodataset.org and lvisdataset.org, and the
 * logs of pycocotools and of detectron2, which counts annotations without crowds (36,335 of val2017).
 */
export const publishedSplits: readonly PublishedSplit[] = [
  coco("val2017", { images: 5000, annotations: 36_781, crowds: 446 }),
  coco("train2017", { images: 118_287, annotations: 860_001 }),
  coco("val2014", { images: 40_504, annotations: 291_875 }),
  coco("train2014", { images: 82_783, annotations: 604_907 }),
  lvis("v1 val", { images: 19_809, annotations: 244_707, categories: 1203 }),
  lvis("v1 train", { images: 100_170, annotations: 1_270_141, categories: 1203 }),
  lvis("v0.5 val", { images: 5000, annotations: 50_763, categories: 1230 }),
  lvis("v0.5 train", { images: 57_263, annotations: 693_958, categories: 1230 }),
];

function coco(name: string, counts: Pick<PublishedSplit, "images" | "annotations" | "crowds">): PublishedSplit {
  return { id: `instances_${name}`, title: `COCO ${name}`, format: "coco", categories: 80, ...counts };
}

function lvis(name: string, counts: Pick<PublishedSplit, "images" | "annotations" | "categories">): PublishedSplit {
  return { id: `lvis_${name.replace(" ", "_")}`, title: `LVIS ${name}`, format: "lvis", ...counts };
}

/** Returns the split whose file has this name: `instances_val2017.json`, `lvis_v1_val.json`. */
export function splitNamed(fileName: string): PublishedSplit | undefined {
  return publishedSplits.find(({ id }) => fileName.toLowerCase() === `${id}.json`);
}

/** Returns the photos' split of COCO, as their addresses or names tell it; nothing where they tell none, or several. */
export function photoSplits(images: readonly Pick<FileImage, "fileName" | "url">[]): readonly string[] {
  const splits = images.map(({ fileName, url }) => /(train|val)(2014|2017)/.exec(url ?? fileName ?? "")?.[0]);
  return [...new Set(splits)].flatMap((split) => split ?? []).sort();
}
