import type { PredictionRow } from "../api.ts";
import { type OverlapType, readAnnotations, readDetections } from "../coco/index.ts";
import { formatCounts } from "../mask/index.ts";
import { ap, cocoSizes, figuresOf, recall } from "../metrics/index.ts";
import { scoreFile } from "../results/scores/scoreFile.ts";

/** Paths of both files of a drawn dataset. */
export interface Files {
  readonly annotations: string;
  readonly detections: string;
}

/** Numbers by overlap and grouping; -1 stands for no number. */
export type Scores = Readonly<Record<string, readonly number[]>>;

/** Returns the numbers that `bench score` prints of the files. */
export async function scoresOfFiles(files: Files, rules: "coco" | "lvis"): Promise<Scores> {
  const scores: Record<string, number[]> = {};
  for (const type of ["segm", "bbox"] satisfies OverlapType[]) {
    for (const classAgnostic of rules === "coco" ? [false, true] : [false]) {
      const found = await scoreFile({ ...files, type, rules, classAgnostic, intervals: "none", seed: 0 });
      const unexpected = found.warnings.filter((text) => /left out/.test(text));
      if (unexpected.length > 0) throw new Error(unexpected.join("\n"));
      scores[`${type}${classAgnostic ? " class-agnostic" : ""}`] = [
        ...Object.values(found.figures).map(({ value = -1 }) => value),
        ...found.categories.map(({ value = -1 }) => value),
      ];
    }
  }
  return scores;
}

/**
 * Returns the numbers that tables and comparisons print of a run whose masks are the detections': they are computed from rows.
 * Returns none where rows can not stand for the files: a detection with a box has its size by the box, and an annotation of
 * id 0 counts as none in files alone.
 */
export async function scoresOfRows({ annotations, detections }: Files, rules: "coco" | "lvis"): Promise<Scores> {
  const truth = await readAnnotations(annotations);
  const found = await readDetections(detections);
  const images = truth.images.map(({ id }) => id).sort((a, b) => a - b);
  const plain = found.every(({ box, mask }) => box === undefined && mask !== undefined);
  if (!plain || images.some((image) => truth.annotationsOf(image).some(({ id }) => id === 0))) return {};
  const rows = found.map(({ image, category, score, mask }, target): PredictionRow => {
    const { size } = mask!;
    return {
      image,
      target,
      category,
      prompts: "box",
      protocol: "ap-gtbox",
      step: 0,
      token: 0,
      predictedIou: score,
      areaPx: 0,
      crowd: false,
      mask: { size, counts: formatCounts(mask!) },
      score,
      prompt: { points: [] },
    };
  });
  const valuesOf = (metric: typeof ap) =>
    new Map(
      figuresOf(metric, { rows, images, sizes: cocoSizes, dataset: truth }, { seed: 0, intervals: "none" }).map(
        ({ id, value }) => [id, value],
      ),
    );
  const precisions = valuesOf(ap);
  const scores = { "segm rows": precisionIds[rules].map((id) => precisions.get(id) ?? -1) };
  if (rules === "lvis") return scores;
  return { ...scores, "segm class-agnostic rows": recallIds.map((id) => valuesOf(recall).get(id) ?? -1) };
}

/** The first of the reference tools' numbers, in their order. */
const precisionIds = {
  coco: ["AP", "AP50", "AP75", "APs", "APm", "APl"],
  lvis: ["AP", "AP50", "AP75", "APs", "APm", "APl", "APr", "APc", "APf"],
} as const;

const recallIds = [10, 100, 1000].flatMap((limit) => ["", "s", "m", "l"].map((size) => `AR${size}@${limit}`));
