import type { ImageId, Metric, PredictionRow } from "../api.ts";
import { systemClock } from "../measure/clock.ts";
import { cocoSizes, type Figure, figuresOf } from "../metrics/index.ts";
import type { PlannedPrompts } from "../protocols/index.ts";
import { withoutMasks } from "../results/rows.ts";
import type { Row } from "../store/schema/rowSchema.ts";

/** Share of the time that may go into figures that are only looked at. */
const share = 0.02;

/** A figure of the images at hand, which is the run's figure once all are. */
export interface FigureSoFar extends Figure {
  /** Title of the figure, such as mIoU. */
  readonly title: string;
  readonly prompts: string;
}

/**
 * Follows the first figure of a run that rows alone decide, while images come in. The metric that computes it is the one that
 * the table shows. It is computed anew only as often as that costs little.
 */
export class CurrentFigure {
  readonly #asked: { readonly prompts: string; readonly metric: Metric } | undefined;
  readonly #seed: number;
  readonly #clock: typeof systemClock;
  readonly #images: ImageId[] = [];
  readonly #rows: PredictionRow[] = [];
  #next = 0;
  #found: FigureSoFar | undefined;

  constructor(planned: readonly PlannedPrompts[], seed: number, clock = systemClock) {
    this.#seed = seed;
    this.#clock = clock;
    this.#asked = planned
      .map(({ prompts, protocol }) => ({ prompts, metric: protocol.metrics[0] }))
      .find(({ metric }) => metric.needs === "rows");
  }

  /** Takes the rows of an image; those of an image that failed are in no figure. */
  add(image: ImageId, rows: readonly Row[]): void {
    const asked = this.#asked;
    if (asked === undefined || rows.some(({ kind }) => kind === "failure")) return;
    this.#images.push(image);
    const predictions = rows.flatMap((row) => (row.kind === "prediction" ? [row] : []));
    this.#rows.push(...withoutMasks(predictions.filter(({ prompts }) => prompts === asked.prompts)));
  }

  /** Returns the figure of the images so far, or of a few less; nothing where no figure follows from rows. */
  value(): FigureSoFar | undefined {
    const began = this.#clock.nowMs();
    if (this.#asked === undefined || began < this.#next) return this.#found;
    const { metric, prompts } = this.#asked;
    const context = { rows: this.#rows, images: this.#images, sizes: cocoSizes };
    const found = figuresOf(metric, context, { seed: this.#seed }).find(({ id }) => id === metric.headline);
    const title = metric.columns.find(({ id }) => id === metric.headline)?.title ?? metric.title;
    if (found !== undefined) this.#found = { ...found, title, prompts };
    const ended = this.#clock.nowMs();
    this.#next = ended + (ended - began) / share;
    return this.#found;
  }
}
