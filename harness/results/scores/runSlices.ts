import type { DetectionErrors, Metric, MetricContext, PredictionRow } from "../../api.ts";
import { figuresOf } from "../../metrics/index.ts";
import type { FileFigure } from "./fileFigure.ts";
import { imageSlices, type SliceFigure } from "./slices.ts";

type Scored = MetricContext & { readonly rows: readonly PredictionRow[] };

interface SliceOptions {
  /** Figures of the whole, by id: those by size are among them. */
  readonly figures: Readonly<Record<string, FileFigure>>;
  readonly seed: number;
  readonly intervals?: "none" | undefined;
}

/** Returns the errors of the first metric that knows kinds of error; nothing where masks are not ranked. */
export function errorsOf(metrics: readonly Metric[], { rows, ...context }: Scored): DetectionErrors | undefined {
  for (const metric of metrics) {
    const errors = metric.errors?.(rows, context);
    if (errors !== undefined) return errors;
  }
  return undefined;
}

/**
 * Returns the headline of each metric that tables show by size, by category and by slices of images. What has no data is left
 * out.
 */
export function slicesOf(metrics: readonly Metric[], scored: Scored, options: SliceOptions): readonly SliceFigure[] {
  const shown = metrics.filter(({ better, columns }) => better === "higher" && columns.length > 0);
  return shown.flatMap((metric) => [
    ...sizesOf(metric, options),
    ...categoriesOf(metric, scored, options),
    ...imagesOf(metric, scored, options),
  ]);
}

/** Letters that average precision and recall put into the ids of their parts by size: APs, ARs@1000. */
const sizeLetters = { s: "small (up to 32² px)", m: "medium (to 96² px)", l: "large" } as const;

function sizesOf({ parts, headline }: Metric, { figures }: SliceOptions): readonly SliceFigure[] {
  const named =
    parts ??
    Object.entries(sizeLetters).map(([letter, meaning]) => {
      return { id: headline.replace(/^A[PR]/, (kind) => kind + letter), meaning };
    });
  return named.flatMap(({ id, meaning }) =>
    id === headline || figures[id] === undefined
      ? []
      : [{ by: "size", title: meaning, figure: headline, ...figures[id] }],
  );
}

/** Returns the headline by category: the metric's own, or that of the rows of each category. */
function categoriesOf(metric: Metric, scored: Scored, options: SliceOptions): readonly SliceFigure[] {
  const { rows, ...context } = scored;
  const names = new Map(context.dataset?.categories.map(({ id, name }) => [id, name]));
  const titleOf = (category: number) => names.get(category) ?? `category ${category}`;
  const own = metric.byCategory?.(rows, context);
  if (own !== undefined)
    return own.map(({ category, ...figure }) => {
      return { by: "category", title: titleOf(category), figure: metric.headline, ...figure };
    });
  if (metric.reads.includes("score")) return [];
  return [...grouped(rows, ({ category }) => category)].flatMap(([category, members]) => {
    const figure = headlineOf(metric, { ...context, rows: members }, options);
    return figure === undefined
      ? []
      : [{ by: "category" as const, title: titleOf(category), figure: metric.headline, ...figure }];
  });
}

function imagesOf(metric: Metric, { rows, ...context }: Scored, options: SliceOptions): readonly SliceFigure[] {
  const ofImage = grouped(rows, ({ image }) => image);
  const facts = context.images.map((id) => {
    const members = ofImage.get(id) ?? [];
    const annotations =
      context.dataset?.annotationsOf(id).filter(({ crowd }) => !crowd).length ??
      new Set(members.map(({ target }) => target)).size;
    return { id, size: members[0]?.mask.size, annotations };
  });
  return imageSlices(facts).flatMap(({ by, title, images }) => {
    const members = images.flatMap((id) => ofImage.get(id) ?? []);
    const figure = headlineOf(metric, { ...context, images, rows: members }, options);
    return figure === undefined ? [] : [{ by, title, figure: metric.headline, images: images.length, ...figure }];
  });
}

function headlineOf(metric: Metric, scored: Scored, { seed, intervals }: SliceOptions): FileFigure | undefined {
  const found = figuresOf(metric, scored, { seed, intervals }).find(({ id }) => id === metric.headline);
  if (found === undefined) return undefined;
  const { id: _, ...figure } = found;
  return figure;
}

function grouped(
  rows: readonly PredictionRow[],
  keyOf: (row: PredictionRow) => number,
): ReadonlyMap<number, readonly PredictionRow[]> {
  const groups = new Map<number, PredictionRow[]>();
  for (const row of rows) {
    const known = groups.get(keyOf(row));
    if (known === undefined) groups.set(keyOf(row), [row]);
    else known.push(row);
  }
  return groups;
}
