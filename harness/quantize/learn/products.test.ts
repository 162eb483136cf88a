import { expect, test } from "vitest";
import { normal, random } from "../../stats/random.ts";
import { addTimes, addTimesTransposed, addTransposedTimes, type Grid } from "./products.ts";

const stream = random(0, "products");
const draw = (rows: number, columns: number): Grid => ({
  rows,
  columns,
  values: Float32Array.from({ length: rows * columns }, () => normal(stream)),
});
const turned = ({ rows, columns, values }: Grid): Grid => ({
  rows: columns,
  columns: rows,
  values: values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!),
});

/** Computes the product by its definition, one sum an element. */
function product(a: Grid, b: Grid): number[] {
  const at = (i: number) => {
    const row = Math.floor(i / b.columns);
    const column = i % b.columns;
    let sum = 0;
    for (let j = 0; j < a.columns; j++) sum += a.values[row * a.columns + j]! * b.values[j * b.columns + column]!;
    return sum;
  };
  return Array.from({ length: a.rows * b.columns }, (_, i) => at(i));
}

// Sizes below, at and beyond the four that are computed at once.
const sizes = [3, 4, 6].flatMap((rows) =>
  [2, 4, 5].flatMap((inner) => [1, 4, 7].map((columns) => [rows, inner, columns])),
);

test.each(sizes)(
  "products of %i x %i x %i add to what stands there, whichever factor lies turned",
  (rows, inner, columns) => {
    const a = draw(rows!, inner!);
    const b = draw(inner!, columns!);
    const expected = product(a, b).map((value) => value + 1);
    const results = [addTimes, addTimesTransposed, addTransposedTimes].map((add) => {
      const target: Grid = { ...draw(rows!, columns!) };
      target.values.fill(1);
      add(target, add === addTransposedTimes ? turned(a) : a, add === addTimesTransposed ? turned(b) : b);
      return target.values;
    });
    for (const values of results)
      for (const [i, value] of values.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5);
  },
);

test("rows whose factors are 0 add nothing, whatever they hold", () => {
  const target: Grid = { rows: 1, columns: 1, values: Float32Array.of(5) };
  const zeros = new Float32Array(4);
  const values = new Float32Array(4).fill(7);
  addTimes(target, { rows: 1, columns: 4, values: zeros }, { rows: 4, columns: 1, values });
  expect([...target.values]).toEqual([5]);
});
