import type { RunReport } from "../../../results/report.ts";

/** Says in which tables a column stands: in the first, from `--wide` on, or with `--columns all`. */
export type Shown = "first" | "wide" | "all";

/** A column that is one figure of each run, whatever was prompted. */
export interface PlainColumn {
  readonly id: string;
  /** Two lines: the name, and the unit. */
  readonly header: readonly [name: string, unit: string];
  readonly shown: Shown;
  /** Which value is the best; absent where no value is better than another. */
  readonly better?: "higher" | "lower";
  /** Returns the figure that rows are sorted and compared by. */
  value(report: RunReport, context: ColumnContext): number | undefined;
  /** Returns the text of the cell; the figure in two to three digits where a column has none. */
  cell?(report: RunReport, context: ColumnContext): string | undefined;
}

export interface ColumnContext {
  /** The row that speed-ups are over. */
  readonly base: RunReport | undefined;
  /** Tells whether masks of some rows are upscaled after decode, while the encode of others gives masks already. */
  readonly mixesUpscaling: boolean;
}
