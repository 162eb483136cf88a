import type { Rle } from "../../api.ts";
import { ClassRuns } from "./classRuns.ts";
import type { AxisOperator, UpscaleOperator } from "./interpolation.ts";
import { classes, classOf, type Levels, type Ranges, rangesOf, several } from "./levels.ts";
import { exceedingRows, fillColumns, joinColumns, type LowColumns, lowColumns } from "./lowColumns.ts";
import { type Sight, type Span, sightOf, withThreeTaps } from "./sight.ts";
import { push, pushDecided, type Stretches, stretchesOf } from "./stretches.ts";

/** A scan gives a mask, and counts the pixels that exceed the levels around its own. */
export interface ScannedMask {
  readonly mask: Rle;
  readonly loosePx: number;
  readonly tightPx: number;
}

/**
 * Makes masks of low-res logits, [side, side], by one operator. A mask is walked down its columns, so that the runs come out as
 * they are needed. Most pixels are decided without arithmetic: where all that a pixel sees lies between the same levels, so does
 * the pixel. At level 0 this is exact, because products and sums keep the sign of their terms. What can be decided by the low-res
 * logits is found once for all columns that see the same of them, and the rest once more by each column's own values. Cubic
 * interpolation overshoots, and each of its pixels is computed.
 */
export class Scanner {
  readonly operator: UpscaleOperator;
  readonly #rowTaps: AxisOperator;
  readonly #columnTaps: AxisOperator;
  readonly #rows: Sight;
  readonly #columns: Sight;
  readonly #low: LowColumns;
  readonly #shared: Stretches;
  /** The column at hand: its first pixel, a value for each low-res row, and where these values change their class. */
  #start = 0;
  readonly #line: Float64Array;
  readonly #changes: { readonly rows: Int32Array; readonly classes: Uint8Array; length: number };
  #ranges: Ranges = rangesOf({ loose: 0, mask: 0, tight: 0 });
  readonly #runs = new ClassRuns();

  constructor(operator: UpscaleOperator, side: number) {
    this.operator = operator;
    this.#rowTaps = withThreeTaps(operator.rows);
    this.#columnTaps = withThreeTaps(operator.columns);
    this.#rows = sightOf(operator.rows, side);
    this.#columns = sightOf(operator.columns, side);
    this.#low = lowColumns(side);
    this.#shared = stretchesOf(operator.image.height);
    // Taps that were added lie up to two rows beyond the logits.
    this.#line = new Float64Array(side + 2);
    this.#changes = { rows: new Int32Array(side), classes: new Uint8Array(side), length: 0 };
  }

  /** Returns the pixels whose interpolated logit exceeds `level`. */
  above(lowResLogits: Float32Array, level: number): Rle {
    return this.scan(lowResLogits, { loose: level, mask: level, tight: Number.POSITIVE_INFINITY }).mask;
  }

  /** Returns the pixels above the mask's level, and counts those above the others. */
  scan(lowResLogits: Float32Array, levels: Levels): ScannedMask {
    const { image } = this.operator;
    const { first, end } = this.#columns;
    this.#ranges = rangesOf(levels);
    this.#runs.begin();
    fillColumns(this.#low, lowResLogits, { levels, columns: wholeOf(this.#columns), rows: wholeOf(this.#rows) });
    for (let x = 0, next = 0; x < image.width; x = next) {
      while (next < image.width && first[next] === first[x] && end[next] === end[x]) next++;
      this.#findShared({ first: first[x]!, end: end[x]! });
      for (let column = x; column < next; column++) this.#scanColumn(column);
    }
    this.#runs.end(image);
    return {
      mask: this.#runs.mask(image),
      loosePx: this.#runs.areaFrom(classes.loose),
      tightPx: this.#runs.areaFrom(classes.tight),
    };
  }

  /** Finds the stretches of all outputs that see these low-res columns. */
  #findShared(columns: Span): void {
    const shared = this.#shared;
    const { image, overshoots } = this.operator;
    shared.length = 0;
    if (overshoots) push(shared, image.height, several);
    else this.#findDecided(columns);
    const done = shared.length === 0 ? 0 : shared.ends[shared.length - 1]!;
    if (done < image.height) push(shared, image.height, classes.below);
  }

  /** Finds them down to the last output that may exceed a level. */
  #findDecided(columns: Span): void {
    const sight = this.#rows;
    const rows = exceedingRows(this.#low, columns);
    const outputs = { first: sight.before[rows.first]!, end: sight.reached[rows.end]! };
    if (outputs.first >= outputs.end) return;
    if (outputs.first > 0) push(this.#shared, outputs.first, classes.below);
    joinColumns(this.#low, columns, { first: sight.first[outputs.first]!, end: sight.end[outputs.end - 1]! });
    pushDecided(this.#shared, this.#low.joined, { sight, outputs });
  }

  #scanColumn(x: number): void {
    const { image, overshoots } = this.operator;
    const { ends, classes: found, length } = this.#shared;
    this.#start = x * image.height;
    for (let i = 0, first = 0; i < length; i++) {
      const end = ends[i]!;
      if (found[i]! < several) this.#runs.turn(this.#start + first, found[i]!);
      else {
        this.#blend(x, first, end);
        if (overshoots) this.#compute(first, end);
        else this.#scanOpen(first, end);
      }
      first = end;
    }
  }

  /** Interpolates along x: gives a value to each low-res row that these outputs see. */
  #blend(x: number, first: number, end: number): void {
    const { taps, weights } = this.#columnTaps;
    const { values, stride, side } = this.#low;
    const { floors, ceilings } = this.#ranges;
    const changes = this.#changes;
    const line = this.#line;
    const weight = x * taps;
    const a = weights[weight]!;
    const b = weights[weight + 1]!;
    const c = weights[weight + 2]!;
    const column = this.#columnTaps.first[x]! * stride;
    const lastRow = Math.min(this.#rowTaps.first[end - 1]! + this.#rowTaps.taps, side);
    let floor = Number.NaN;
    let ceiling = Number.NaN;
    changes.length = 0;
    for (let row = this.#rowTaps.first[first]!; row < lastRow; row++) {
      const at = column + row;
      let value = a * values[at]! + b * values[at + stride]! + c * values[at + 2 * stride]!;
      for (let k = 3; k < taps; k++) value += weights[weight + k]! * values[at + k * stride]!;
      line[row] = value;
      if (value > floor && !(value > ceiling)) continue;
      const found = classOf(value, this.#ranges);
      floor = floors[found]!;
      ceiling = ceilings[found]!;
      changes.rows[changes.length] = row;
      changes.classes[changes.length++] = found;
    }
  }

  /** Decides outputs by the values of the column, and computes those that see values of several classes. */
  #scanOpen(first: number, end: number): void {
    const { before, reached } = this.#rows;
    const { rows, classes: found, length } = this.#changes;
    let done = first;
    for (let i = 0; i < length; i++) {
      const row = rows[i]!;
      const decided = Math.min(before[row]!, end);
      const open = Math.min(reached[row]!, end);
      if (decided > done) {
        this.#runs.turn(this.#start + done, found[i - 1]!);
        done = decided;
      }
      if (open <= done) continue;
      this.#compute(done, open);
      done = open;
    }
    if (done < end) this.#runs.turn(this.#start + done, found[length - 1]!);
  }

  /** Interpolates along y. */
  #compute(first: number, end: number): void {
    const { taps, first: rows, weights } = this.#rowTaps;
    const { floors, ceilings } = this.#ranges;
    const line = this.#line;
    let floor = Number.NaN;
    let ceiling = Number.NaN;
    for (let y = first; y < end; y++) {
      const row = rows[y]!;
      const weight = y * taps;
      let sum =
        weights[weight]! * line[row]! + weights[weight + 1]! * line[row + 1]! + weights[weight + 2]! * line[row + 2]!;
      for (let k = 3; k < taps; k++) sum += weights[weight + k]! * line[row + k]!;
      const value = Math.fround(sum);
      if (value > floor && !(value > ceiling)) continue;
      const found = classOf(value, this.#ranges);
      floor = floors[found]!;
      ceiling = ceilings[found]!;
      this.#runs.turn(this.#start + y, found);
    }
  }
}

function wholeOf({ first, end }: Sight): Span {
  return { first: first[0]!, end: end.at(-1)! };
}
