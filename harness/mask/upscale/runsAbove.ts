import type { Rle, Size } from "../../api.ts";
import type { AxisOperator, UpscaleOperator } from "./interpolation.ts";

/** Low-res logits down the columns; the rows of column c that exceed the level lie in top[c] to bottom[c]. */
interface LowColumns {
  readonly side: number;
  readonly values: Float32Array;
  readonly top: Int32Array;
  readonly bottom: Int32Array;
}

/** State that the columns of one image share. `reach[r]` counts the outputs whose window begins before row r. */
interface Scan {
  readonly operator: UpscaleOperator;
  readonly level: number;
  readonly low: LowColumns;
  readonly reach: Int32Array;
  readonly line: Float64Array;
  readonly runs: Runs;
}

/**
 * Returns the pixels whose interpolated logit exceeds `level`, column by column, so that the runs come out as they are needed.
 * Where an output can not leave the range of its inputs, inputs on one side of the level decide it without arithmetic: that is
 * most of a mask. At level 0 this is exact, because products and sums keep the sign of their terms.
 */
export function runsAbove(lowResLogits: Float32Array, operator: UpscaleOperator, level: number): Rle {
  const low = columnsOf(lowResLogits, level);
  const reach = reachOf(operator.rows, low.side);
  const scan = { operator, level, low, reach, line: new Float64Array(low.side), runs: new Runs() };
  for (let x = 0; x < operator.image.width; x++) scanColumn(scan, x);
  return scan.runs.toRle(operator.image);
}

function scanColumn(scan: Scan, x: number): void {
  const { rows, image } = scan.operator;
  const { top, bottom } = exceedingRows(scan, x);
  // The outputs that see a row from `top` on and before `bottom`; all others see only rows below the level.
  const from = scan.reach[Math.max(top - rows.taps + 1, 0)]!;
  const to = scan.reach[bottom]!;
  const start = x * image.height;
  if (from > 0 || from >= to) scan.runs.turn(start, false);
  if (from >= to) return;
  blend(scan, x, { top: rows.first[from]!, bottom: rows.first[to - 1]! + rows.taps });
  scanLine(scan, start, { from, to });
  if (to < image.height) scan.runs.turn(start + to, false);
}

/** Returns the rows of the columns seen from x that may put an output above the level. */
function exceedingRows({ low, operator }: Scan, x: number): { top: number; bottom: number } {
  if (operator.overshoots) return { top: 0, bottom: low.side };
  let top = low.side;
  let bottom = 0;
  const first = operator.columns.first[x]!;
  for (let column = first; column < first + operator.columns.taps; column++) {
    top = Math.min(top, low.top[column]!);
    bottom = Math.max(bottom, low.bottom[column]!);
  }
  return { top, bottom };
}

/** Interpolates along x and writes one value for each low-res row into `line`. */
function blend({ operator, low, line }: Scan, x: number, { top, bottom }: { top: number; bottom: number }): void {
  const { taps, first, weights } = operator.columns;
  const { values, side } = low;
  line.fill(0, top, bottom);
  for (let k = 0; k < taps; k++) {
    const weight = weights[x * taps + k]!;
    if (weight === 0) continue;
    const column = (first[x]! + k) * side;
    for (let row = top; row < bottom; row++) line[row]! += weight * values[column + row]!;
  }
}

/** Interpolates along y and records where the column enters and leaves the mask. */
function scanLine(scan: Scan, start: number, { from, to }: { from: number; to: number }): void {
  const { operator, level, line, runs } = scan;
  const end = operator.rows.first[to - 1]! + operator.rows.taps;
  for (let y = from; y < to; ) {
    const decided = operator.overshoots ? y : Math.min(decidedUntil(scan, y, end), to);
    if (decided > y) {
      runs.turn(start + y, line[operator.rows.first[y]!]! > level);
      y = decided;
    } else {
      runs.turn(start + y, valueAt(operator.rows, line, y) > level);
      y++;
    }
  }
}

/**
 * Returns the output up to which, from y on, all outputs see only rows on one side of the level, and so are on that side
 * themselves; y itself if there is none.
 */
function decidedUntil({ operator, level, line, reach }: Scan, y: number, end: number): number {
  const { taps, first } = operator.rows;
  let row = first[y]!;
  const inside = line[row++]! > level;
  while (row < end && line[row]! > level === inside) row++;
  return reach[Math.max(row - taps + 1, 0)]!;
}

function valueAt({ taps, first, weights }: AxisOperator, line: Float64Array, output: number): number {
  const weight = output * taps;
  const value = first[output]!;
  let sum = 0;
  for (let k = 0; k < taps; k++) sum += weights[weight + k]! * line[value + k]!;
  return Math.fround(sum);
}

function columnsOf(lowResLogits: Float32Array, level: number): LowColumns {
  const side = Math.sqrt(lowResLogits.length);
  const values = new Float32Array(lowResLogits.length);
  const top = new Int32Array(side).fill(side);
  const bottom = new Int32Array(side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const value = lowResLogits[y * side + x]!;
      values[x * side + y] = value;
      if (value > level) {
        if (bottom[x] === 0) top[x] = y;
        bottom[x] = y + 1;
      }
    }
  }
  return { side, values, top, bottom };
}

function reachOf({ first }: AxisOperator, side: number): Int32Array {
  const reach = new Int32Array(side + 1);
  for (let row = 0, outputs = 0; row <= side; row++) {
    while (outputs < first.length && first[outputs]! < row) outputs++;
    reach[row] = outputs;
  }
  return reach;
}

/** Collects the runs of a mask that is walked down its columns; the walker says where it stands and on which side. */
class Runs {
  #counts = new Uint32Array(256);
  #length = 0;
  #start = 0;
  #inside = false;

  turn(position: number, inside: boolean): void {
    if (inside === this.#inside) return;
    this.#push(position - this.#start);
    this.#start = position;
    this.#inside = inside;
  }

  toRle(size: Size): Rle {
    this.#push(size.height * size.width - this.#start);
    return { size, counts: this.#counts.slice(0, this.#length) };
  }

  #push(run: number): void {
    if (this.#length === this.#counts.length) {
      const grown = new Uint32Array(2 * this.#length);
      grown.set(this.#counts);
      this.#counts = grown;
    }
    this.#counts[this.#length++] = run;
  }
}
