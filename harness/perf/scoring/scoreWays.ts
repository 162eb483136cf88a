import { readFileSync } from "node:fs";
import type { ImageWeights, MetricValue, Rle, Size } from "../../api.ts";
import { cocoRules, evaluateFiles, lvisRules, onceEach, summarizer } from "../../coco/index.ts";
import { iou, iouWithCrowd, parseCounts, rleFromCounts, rleFromPolygons } from "../../mask/index.ts";
import { processMemory } from "../../measure/memory.ts";
import { answerRequests } from "../../process/calls.ts";
import { intervalsOf } from "../../stats/intervals.ts";
import type { ScoreFiles } from "./scoreData.ts";

export interface ScoreOrder extends ScoreFiles {
  readonly way: "one thread" | "two threads" | "with intervals" | "plain";
  readonly rules: "coco" | "lvis";
}

export interface ScoreReport {
  /** Seconds of each stage, in their order. */
  readonly stages: Readonly<Record<string, number>>;
  readonly peakBytes: number;
  readonly values: readonly MetricValue[];
}

/** Calls that the process of one way answers. */
export interface ScoreCalls {
  score: { readonly request: ScoreOrder; readonly reply: ScoreReport };
}

/** Answers the parent's requests until it hangs up. */
export function serve(): void {
  answerRequests<ScoreCalls>({
    async score(order) {
      const found = order.way === "plain" ? plain(order) : await streamed(order);
      return { ...found, peakBytes: processMemory().peakBytes() };
    },
  });
}

type Timed = Omit<ScoreReport, "peakBytes">;

function stopwatch() {
  const stages: Record<string, number> = {};
  let last = performance.now();
  return {
    stages,
    lap(stage: string): void {
      const now = performance.now();
      stages[stage] = (now - last) / 1000;
      last = now;
    },
  };
}

/** Scores as `bench score` does, with the intervals of its figures or without. */
async function streamed({ annotations, detections, rules, way }: ScoreOrder): Promise<Timed> {
  const { stages, lap } = stopwatch();
  const evaluated = await evaluateFiles({
    annotations,
    detections,
    type: "segm",
    threads: way === "one thread" ? 1 : 2,
    rules: () => (rules === "coco" ? cocoRules : lvisRules),
  });
  lap("load and evaluate");
  const { values, byGroup } = summarizer(evaluated.matches, evaluated.annotations.categories);
  const found = values(onceEach(evaluated.matches));
  lap("accumulate");
  if (way !== "with intervals") return { stages, values: found };
  const estimates = Object.assign(({ counts }: ImageWeights) => values(counts), { byGroup });
  const intervals = intervalsOf(estimates, evaluated.matches.images, { seed: 0 });
  lap("intervals");
  return { stages, values: found.map((each, i) => ({ ...each, ...intervals[i] })) };
}

interface PlainAnnotation {
  readonly image_id: number;
  readonly category_id: number;
  readonly iscrowd?: number;
  readonly segmentation: number[][] | { readonly counts: string | number[] };
}

interface PlainDetection {
  readonly image_id: number;
  readonly category_id: number;
  readonly segmentation: { readonly counts: string };
}

/** Parses whole files, makes an Rle object of each mask and takes each pair by itself; it stops before anything is matched. */
function plain({ annotations, detections }: ScoreOrder): Timed {
  const { stages, lap } = stopwatch();
  const found = JSON.parse(readFileSync(detections, "utf8")) as PlainDetection[];
  const file = JSON.parse(readFileSync(annotations, "utf8")) as {
    images: (Size & { id: number })[];
    annotations: PlainAnnotation[];
  };
  lap("load");
  const sizes = new Map(file.images.map(({ id, height, width }) => [id, { height, width }]));
  const truth = new Map<string, { mask: Rle; crowd: boolean }[]>();
  for (const annotation of file.annotations) {
    const key = `${annotation.image_id} ${annotation.category_id}`;
    const mask = { mask: maskOf(annotation, sizes.get(annotation.image_id)!), crowd: annotation.iscrowd === 1 };
    truth.set(key, [...(truth.get(key) ?? []), mask]);
  }
  let sum = 0;
  for (const { image_id, category_id, segmentation } of found) {
    const mask = parseCounts(segmentation.counts, sizes.get(image_id)!);
    for (const other of truth.get(`${image_id} ${category_id}`) ?? []) {
      sum += other.crowd ? iouWithCrowd(mask, other.mask) : iou(mask, other.mask);
    }
  }
  lap("overlaps");
  return { stages, values: [{ id: "sum of overlaps", value: sum, n: found.length }] };
}

function maskOf({ segmentation }: PlainAnnotation, size: Size): Rle {
  if (Array.isArray(segmentation)) return rleFromPolygons(segmentation, size);
  const { counts } = segmentation;
  return typeof counts === "string" ? parseCounts(counts, size) : rleFromCounts(counts, size);
}
