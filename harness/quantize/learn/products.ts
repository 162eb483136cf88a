/** A grid holds numbers in rows, row-major. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/**
 * Adds a b^T to the target: [rows, columns] from [rows, inner] and [columns, inner]. It does four columns at a time, so that
 * each value of `a` is read once for four products; the products below do the same.
 */
export function addTimesTransposed(target: Grid, a: Grid, b: Grid): void {
  const inner = a.columns;
  const columns = b.rows;
  const x = a.values;
  const y = b.values;
  const sums = target.values;
  for (let row = 0; row < a.rows; row++) {
    const from = row * inner;
    const to = row * columns;
    let column = 0;
    for (; column + 3 < columns; column += 4) {
      const b0 = column * inner;
      const b1 = b0 + inner;
      const b2 = b0 + 2 * inner;
      const b3 = b0 + 3 * inner;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let i = 0; i < inner; i++) {
        const value = x[from + i]!;
        s0 += value * y[b0 + i]!;
        s1 += value * y[b1 + i]!;
        s2 += value * y[b2 + i]!;
        s3 += value * y[b3 + i]!;
      }
      const at = to + column;
      sums[at]! += s0;
      sums[at + 1]! += s1;
      sums[at + 2]! += s2;
      sums[at + 3]! += s3;
    }
    for (; column < columns; column++) {
      let sum = 0;
      for (let i = 0; i < inner; i++) sum += x[from + i]! * y[column * inner + i]!;
      sums[to + column]! += sum;
    }
  }
}

/** Adds a b to the target: [rows, columns] from [rows, inner] and [inner, columns]. */
export function addTimes(target: Grid, a: Grid, b: Grid): void {
  const inner = a.columns;
  for (let row = 0; row < a.rows; row++)
    addRows({ sums: target.values, start: row * b.columns, factors: a.values, from: row * inner, stride: 1 }, inner, b);
}

/** Adds a^T b to the target: [rows, columns] from [inner, rows] and [inner, columns]. */
export function addTransposedTimes(target: Grid, a: Grid, b: Grid): void {
  const stride = a.columns;
  for (let row = 0; row < stride; row++)
    addRows({ sums: target.values, start: row * b.columns, factors: a.values, from: row, stride }, a.rows, b);
}

interface RowSum {
  readonly sums: Float32Array;
  readonly start: number;
  readonly factors: Float32Array;
  readonly from: number;
  readonly stride: number;
}

/**
 * Adds up one row: the sum of factor times row of `b`. Factors that are all 0, such as gradients of rows that nothing used, cost
 * nothing.
 */
function addRows({ sums, start, factors, from, stride }: RowSum, count: number, { columns, values }: Grid): void {
  let row = 0;
  for (; row + 3 < count; row += 4) {
    const at = from + row * stride;
    const f0 = factors[at]!;
    const f1 = factors[at + stride]!;
    const f2 = factors[at + 2 * stride]!;
    const f3 = factors[at + 3 * stride]!;
    if (f0 === 0 && f1 === 0 && f2 === 0 && f3 === 0) continue;
    const b0 = row * columns;
    const b1 = b0 + columns;
    const b2 = b0 + 2 * columns;
    const b3 = b0 + 3 * columns;
    for (let i = 0; i < columns; i++)
      sums[start + i]! += f0 * values[b0 + i]! + f1 * values[b1 + i]! + f2 * values[b2 + i]! + f3 * values[b3 + i]!;
  }
  for (; row < count; row++) {
    const factor = factors[from + row * stride]!;
    for (let i = 0; i < columns; i++) sums[start + i]! += factor * values[row * columns + i]!;
  }
}
