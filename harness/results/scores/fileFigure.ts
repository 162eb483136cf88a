import type { Metric } from "../../api.ts";

/** A figure with its interval; it has no value where there is no data. */
export interface FileFigure {
  readonly value?: number;
  readonly low?: number;
  readonly high?: number;
  /** Number of annotations behind the value. */
  readonly n: number;
  /** Absent for a fraction. */
  readonly unit?: Exclude<Metric["unit"], "fraction"> | undefined;
}
