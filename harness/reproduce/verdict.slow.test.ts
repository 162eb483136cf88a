import { describe, expect, test } from "vitest";
import { intervalsOf } from "../stats/intervals.ts";
import { random } from "../stats/random.ts";
import { type Cell, verdicts } from "./verdict.ts";

describe("1,000 simulated tables of four cells on 2,000 images", () => {
  const images = 2000;
  const cells = 4;
  const tables = 1000;

  /** IoUs of each image: a hard image is hard for all cells, and cells differ in how far IoUs spread. */
  function population(stream: ReturnType<typeof random>): readonly Float64Array[] {
    const hardness = Float64Array.from({ length: images }, () => normal(stream));
    return Array.from({ length: cells }, (_, c) =>
      Float64Array.from(hardness, (hard) => {
        const iou = 75 - 8 * c + (10 + 2 * c) * (0.6 * hard + 0.8 * normal(stream));
        return Math.min(100, Math.max(0, iou));
      }),
    );
  }

  function normal(stream: ReturnType<typeof random>): number {
    return Math.sqrt(-2 * Math.log(1 - stream.next())) * Math.cos(2 * Math.PI * stream.next());
  }

  const meanOf = (values: ArrayLike<number>) =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

  /** Our cells on the first `count` images: values and intervals as the table's own code makes them. */
  function judged(columns: readonly Float64Array[], shift: number, count: number) {
    const ids = Array.from({ length: count }, (_, i) => i);
    const cellsOf = columns.map((column, c): Cell => {
      const published = Math.round(10 * (meanOf(column) + (c === 0 ? shift : 0))) / 10;
      const [interval] = intervalsOf(
        ({ images: drawn, counts }) => {
          let sum = 0;
          let n = 0;
          for (const [i, id] of drawn.entries()) {
            sum += counts[i]! * column[id]!;
            n += counts[i]!;
          }
          return [{ value: sum / n / 100, n }];
        },
        ids,
        { seed: 0 },
      );
      const { value, low, high } = interval!;
      const ours = { value: 100 * value, low: 100 * low!, high: 100 * high!, images: count, ofImages: images };
      return { published, decimals: 1, tolerance: 0, point: 1, ours };
    });
    return verdicts(cellsOf);
  }

  const drawn = Array.from({ length: tables }, (_, table) => population(random(table, "tables")));

  test("at least 95 % of true tables have no cell that is called different", () => {
    const wrong = drawn.filter((columns) => judged(columns, 0, 400).some(({ kind }) => kind === "differs")).length;
    expect(wrong / tables).toBeLessThanOrEqual(0.05);
  });

  test("at least 80 % of differences of a point are found on the images that an undecided cell names", () => {
    let asked = 0;
    let found = 0;
    for (const columns of drawn) {
      const [first] = judged(columns, 0, 200);
      if (first!.kind !== "undecided") continue;
      asked++;
      for (const shift of [1, -1]) {
        const [again] = judged(columns, shift, first!.needed!);
        if (again!.kind === "differs") found += 0.5;
      }
    }
    expect(asked).toBeGreaterThan(tables / 2);
    expect(found / asked).toBeGreaterThanOrEqual(0.8);
  });
});
