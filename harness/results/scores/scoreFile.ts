import type { DetectionErrors, ImageWeights } from "../../api.ts";
import {
  cocoRules,
  countForeignMasks,
  type DetectionTable,
  type EvaluationRules,
  evaluateFiles,
  heldBy,
  lvisRules,
  type OverlapType,
  onceEach,
  proposalRulesFor,
  type ScoredFile,
  summarizer,
  tideOf,
  truthOf,
} from "../../coco/index.ts";
import { HarnessError } from "../../errors.ts";
import { intervalsOf } from "../../stats/intervals.ts";
import type { FileFigure } from "./fileFigure.ts";
import { imageSlices, type SliceFigure } from "./slices.ts";

export interface FileScoreOptions {
  readonly annotations: string;
  readonly detections: string;
  /** Overlap of masks or of boxes. Without it: masks where the results file holds some, else boxes. */
  readonly type?: OverlapType | undefined;
  /** Rules of COCO or of LVIS. Without it: those of the annotation file's format. */
  readonly rules?: EvaluationRules["id"];
  readonly classAgnostic: boolean;
  /** Leaves the intervals out. */
  readonly intervals?: "none";
  /** Parts what is lost by kinds of error, and average precision by slices. */
  readonly errors?: "parted";
  /** Seed of the groups of images that intervals are made of. */
  readonly seed: number;
}

/** Scores of a results file, as `bench score --json` prints them. */
export interface FileScore {
  readonly annotations: string;
  readonly detections: string;
  readonly type: OverlapType;
  readonly rules: EvaluationRules["id"];
  readonly classAgnostic: boolean;
  readonly images: number;
  readonly figures: Readonly<Record<string, FileFigure>>;
  /** Average precision of each category that has annotations, all sizes. */
  readonly categories: readonly {
    readonly id: number;
    readonly name: string;
    readonly value?: number;
    readonly n: number;
  }[];
  /** Errors by kind, and average precision by slices; absent where they are not asked for. */
  readonly errors?: DetectionErrors;
  readonly slices?: readonly SliceFigure[];
  readonly warnings: readonly string[];
}

/** Scores a results file as pycocotools or lvis-api would. Throws HarnessError where the two files do not belong together. */
export async function scoreFile(options: FileScoreOptions): Promise<FileScore> {
  const { annotations, detections, type, matches } = await evaluateFiles({
    annotations: options.annotations,
    detections: options.detections,
    type: options.type,
    rules: (file) => rulesOf(options, file),
  });
  const { rules, images } = matches;
  const { values, byCategory, byGroup } = summarizer(matches, annotations.categories);
  const once = onceEach(matches);
  // What was never run is not a precision of 0.
  const empty = detections.count === 0;
  const found = values(once).map(({ id, value, n }) => ({ id, value: empty ? undefined : value, n }));
  const intervals =
    options.intervals === "none" || empty
      ? []
      : intervalsOf(
          Object.assign(({ counts }: ImageWeights) => values(counts), { byGroup }),
          images,
          { seed: options.seed },
        );
  const names = new Map(annotations.categories.map(({ id, name }) => [id, name]));
  const figures = Object.fromEntries(
    found.map(({ id, ...figure }, i) => [id, { ...figure, low: intervals[i]?.low, high: intervals[i]?.high }]),
  );
  const categories = byCategory(once)
    .filter(({ n }) => n > 0)
    .map(({ category, value, n }) => {
      return { id: category, name: names.get(category)!, value: empty ? undefined : value, n };
    });
  const parted = options.errors !== undefined && !empty;
  return {
    annotations: options.annotations,
    detections: options.detections,
    type,
    rules: rules.id,
    classAgnostic: rules.classAgnostic,
    images: images.length,
    figures,
    categories,
    errors: parted ? tideOf({ truth: truthOf(annotations), detections, type, rules }) : undefined,
    slices: parted
      ? [
          ...sizeSlices(figures),
          ...categories.map(({ name, ...figure }) => ({
            by: "category" as const,
            title: name,
            figure: "AP",
            ...figure,
          })),
          ...precisionBySlice(annotations, images, (counts) => values(counts).find(({ id }) => id === "AP")!, options),
        ]
      : undefined,
    warnings: [...annotations.warnings, ...warningsOf(options, annotations, detections, { type, rules })],
  };
}

/** Returns average precision by the size of what is found, which the figures have already. */
function sizeSlices(figures: Readonly<Record<string, FileFigure>>): readonly SliceFigure[] {
  const sizes = { APs: "small (up to 32² px)", APm: "medium (to 96² px)", APl: "large" };
  return Object.entries(sizes).flatMap(([id, title]) =>
    figures[id] === undefined ? [] : [{ by: "size", title, figure: "AP", ...figures[id] }],
  );
}

/** Returns average precision over each slice of the images: the others count no times. */
function precisionBySlice(
  annotations: ScoredFile,
  images: readonly number[],
  precisionOf: (counts: Uint32Array) => { readonly value?: number; readonly n: number },
  { intervals, seed }: FileScoreOptions,
): readonly SliceFigure[] {
  const facts = annotations.images.map(({ id, size }) => {
    const found = annotations.annotationsOf(id).filter(({ crowd }) => !crowd);
    return { id, size, annotations: found.length };
  });
  const places = new Map(images.map((id, i) => [id, i]));
  return imageSlices(facts).map(({ by, title, images: members }) => {
    const weighted = ({ images: drawn, counts }: ImageWeights) => {
      const all = new Uint32Array(images.length);
      for (const [i, id] of drawn.entries()) all[places.get(id)!] = counts[i]!;
      return [precisionOf(all)];
    };
    const ordered = members.toSorted((a, b) => a - b);
    const [once] = weighted({ images: ordered, counts: new Uint32Array(ordered.length).fill(1) });
    const [interval] = intervals === "none" ? [] : intervalsOf(weighted, ordered, { seed });
    return { by, title, figure: "AP", images: members.length, low: interval?.low, high: interval?.high, ...once! };
  });
}

function rulesOf(options: FileScoreOptions, annotations: ScoredFile): EvaluationRules {
  // One recall of proposals, whatever the annotations: that of a run's table.
  if (options.classAgnostic) return proposalRulesFor(annotations.categories);
  const id = options.rules ?? annotations.format;
  if (id === "coco") return cocoRules;
  if (annotations.images.some(({ negativeCategories }) => negativeCategories === undefined)) {
    throw new HarnessError(`${options.annotations}: no negative lists, by which LVIS is scored`, {
      expected: "neg_category_ids and not_exhaustive_category_ids in every image",
      hint: "--rules coco scores annotations that are exhaustive",
    });
  }
  return lvisRules;
}

function warningsOf(
  { annotations: file, detections: detectionFile, type: asked }: FileScoreOptions,
  annotations: ScoredFile,
  detections: DetectionTable,
  { type, rules }: { readonly type: OverlapType; readonly rules: EvaluationRules },
): string[] {
  const warnings = asked === undefined ? choiceOf(detections, detectionFile) : [];
  const held = heldBy(detections);
  if (type === "segm" && held === "boxes")
    warnings.push(
      `${detectionFile}: holds boxes alone, which are scored as masks. Use --type bbox to score them as boxes.`,
    );
  const foreign = type === "segm" ? countForeignMasks(detections, annotations) : 0;
  if (foreign > 0)
    warnings.push(
      `${detectionFile}: ${foreign} of ${detections.count} detections have a mask of another size than their image, which ` +
        "matches nothing. Masks are [height, width] of the original image; are the annotations of another dataset?",
    );
  if (detections.count === 0) warnings.push(`${detectionFile}: no detections in it, so no figure has a value`);
  if (rules.id === "coco" && annotations.format === "lvis" && !rules.classAgnostic) {
    warnings.push(
      `${file}: LVIS annotations are not exhaustive, and COCO's rules take what is not annotated for a mistake. Use --rules lvis.`,
    );
  }
  const zero = annotations.images.some(({ id }) => annotations.annotationsOf(id).some((each) => each.id === 0));
  if (zero) {
    warnings.push(
      `${file}: annotation 0: the reference tools take a match with id 0 for none, and so do these figures. Number annotations from 1.`,
    );
  }
  return warnings;
}

/** Returns a warning where the file holds masks and boxes: masks were scored, and boxes could have been. */
function choiceOf(detections: DetectionTable, file: string): string[] {
  if (heldBy(detections) !== "both") return [];
  return [`${file}: holds masks and boxes; masks are scored. Use --type bbox to score the boxes.`];
}
