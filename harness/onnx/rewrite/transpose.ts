/** Turns [rows, columns] into [columns, rows], in blocks of 32 x 32, so that both sides stay in the cache. */
export function transposeMatrix<T extends Float32Array | Int8Array>(values: T, rows: number, columns: number): T {
  const result = (values instanceof Int8Array ? new Int8Array(values.length) : new Float32Array(values.length)) as T;
  const block = 32;
  for (let top = 0; top < rows; top += block)
    for (let left = 0; left < columns; left += block)
      for (let row = top; row < Math.min(top + block, rows); row++)
        for (let column = left; column < Math.min(left + block, columns); column++)
          result[column * rows + row] = values[row * columns + column]!;
  return result;
}
