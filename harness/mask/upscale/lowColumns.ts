import { classes, classOf, type Levels } from "./levels.ts";
import type { Span } from "./sight.ts";

/**
 * It holds one mask's low-res logits down the columns, and their classes: row r of column c is values[c * stride + r]. Each mask
 * fills it anew where the image sees the logits.
 */
export interface LowColumns {
  readonly side: number;
  readonly stride: number;
  readonly values: Float32Array;
  readonly classes: Uint8Array;
  /** The rows of column c that exceed a level lie in top[c] to bottom[c]. */
  readonly top: Int32Array;
  readonly bottom: Int32Array;
  /** The classes again, four rows to a word. */
  readonly words: Uint32Array;
  /** Class of each row in the columns that were joined last, or a number from `several` on. */
  readonly joined: Uint8Array;
  readonly joinedWords: Uint32Array;
}

export function lowColumns(side: number): LowColumns {
  // Four rows are one word. The last four are there because at a stride of a power of 2 all columns share a few lines of the
  // processor's cache.
  const stride = 4 * Math.ceil(side / 4) + 4;
  const values = new Float32Array((side + 2) * stride);
  const found = new Uint8Array(side * stride);
  const joined = new Uint8Array(stride);
  return {
    side,
    stride,
    values,
    classes: found,
    top: new Int32Array(side),
    bottom: new Int32Array(side),
    words: new Uint32Array(found.buffer),
    joined,
    joinedWords: new Uint32Array(joined.buffer),
  };
}

/** Fills in some columns and rows of low-res logits, [side, side]. */
export function fillColumns(
  low: LowColumns,
  lowResLogits: Float32Array,
  { levels, columns, rows }: { readonly levels: Levels; readonly columns: Span; readonly rows: Span },
): void {
  const { side, stride, values, top, bottom } = low;
  low.classes.fill(classes.below);
  top.fill(side);
  bottom.fill(0);
  for (let y = rows.first; y < rows.end; y++) {
    for (let x = columns.first; x < columns.end; x++) {
      const value = lowResLogits[y * side + x]!;
      values[x * stride + y] = value;
      if (!(value > levels.loose)) continue;
      low.classes[x * stride + y] = classOf(value, levels);
      if (bottom[x] === 0) top[x] = y;
      bottom[x] = y + 1;
    }
  }
}

/** Returns the rows from the first to the last of which a value in one of the columns exceeds a level. */
export function exceedingRows({ side, top, bottom }: LowColumns, columns: Span): Span {
  let first = side;
  let end = 0;
  for (let column = columns.first; column < columns.end; column++) {
    first = Math.min(first, top[column]!);
    end = Math.max(end, bottom[column]!);
  }
  return { first, end };
}

/** Writes to `joined`, for these rows at least, the class that all of the columns have there. */
export function joinColumns({ stride, words, joinedWords }: LowColumns, columns: Span, rows: Span): void {
  const columnWords = stride / 4;
  for (let word = rows.first >> 2; 4 * word < rows.end; word++) {
    let highest = 0;
    let lowest = -1;
    for (let column = columns.first; column < columns.end; column++) {
      const four = words[column * columnWords + word]!;
      highest |= four;
      lowest &= four;
    }
    // Bits that some of the columns have and others lack: shifted by three they are `several` or more.
    joinedWords[word] = highest | ((highest ^ lowest) << 3);
  }
}
