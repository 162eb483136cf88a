type Column = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** Returns the column itself while it has room for `length` values, else a copy at least twice as long. */
export function grown<T extends Column>(column: T, length: number): T {
  if (length <= column.length) return column;
  const larger = sharedLike(column, Math.max(length, 2 * column.length, 64));
  larger.set(column);
  return larger;
}

/** Returns zeros in memory that threads can share: a results file is read once and matched by two. */
export function sharedLike<T extends Column>(column: T, length: number): T {
  const Kind = column.constructor as new (buffer: SharedArrayBuffer) => T;
  return new Kind(new SharedArrayBuffer(length * column.BYTES_PER_ELEMENT));
}
