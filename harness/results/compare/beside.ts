import { ownBook, type ScoreBook } from "../../protocols/index.ts";
import { applicableMetrics, judgementsOf } from "./applicable.ts";
import { type Comparison, compareRuns } from "./compare.ts";
import type { Side } from "./side.ts";

/**
 * Compares each of the others with A alone, as `bench compare` does for the two: the same pairs, draws and corrections.
 * Only figures of rows are compared. Where a protocol is judged by a figure that needs masks or annotations, B has no
 * comparison, because its verdict would rest on a part of its figures.
 */
export function compareBeside(
  a: Side,
  others: readonly Side[],
  { book = ownBook, seed }: { readonly book?: ScoreBook | undefined; readonly seed: number },
): readonly (Comparison | undefined)[] {
  return others.map((b) => {
    const judged = judgementsOf([a, b], book);
    const headlines = new Set(Object.values(judged).map(({ headline }) => headline));
    const metrics = applicableMetrics(book.metrics, [a, b], false).filter(({ headline }) => headlines.has(headline));
    const known = new Set(metrics.flatMap(({ columns }) => columns.map(({ id }) => id)));
    if ([...headlines].some((headline) => !known.has(headline))) return undefined;
    return compareRuns(a, [b], { metrics, judged, seed })[0];
  });
}
