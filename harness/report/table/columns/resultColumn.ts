import type { Column } from "../grid.ts";
import type { Shown } from "./plainColumn.ts";

/** Column of a result table: `--columns` and `--sort` know it by its id. */
export interface ResultColumn extends Column {
  readonly id: string;
  readonly kind: "name" | "accuracy" | "efficiency";
  readonly shown: Shown;
  readonly better?: "higher" | "lower" | undefined;
  /** The figure of each row in one unit; absent for a column of words. */
  readonly values?: readonly (number | undefined)[];
}
