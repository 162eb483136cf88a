/** Says how far a tensor of B is from its partner in A, over the spread of A's values. */
export interface TensorError {
  /** Places that were compared. */
  readonly values: number;
  /** Largest absolute difference over the spread. */
  readonly max: number;
  /** Root of the mean squared difference over the spread. */
  readonly rms: number;
  /** The spread is the standard deviation of A's values; that of a constant is its absolute value. */
  readonly spread: number;
  /** Places at which one side is not finite and the other does not say the same. They are in no other figure. */
  readonly notFinite: number;
}

/** Values that vary by less than this share of the largest one are a constant with rounding. */
const constantBelow = 1e-6;

/** Sums over some places of both sides; those of A's values are of their distances from `centre`. */
interface Sums {
  readonly finite: number;
  readonly notFinite: number;
  readonly sum: number;
  readonly squares: number;
  readonly differences: number;
  readonly largest: number;
  readonly worst: number;
}

/**
 * Sums up the error of a tensor that comes in parts, in float64. Sums of A are taken around its first finite value, so that
 * values far from zero keep their digits.
 */
export class ErrorSum {
  #centre: number | undefined;
  #values = 0;
  #sums: Sums = { finite: 0, notFinite: 0, sum: 0, squares: 0, differences: 0, largest: 0, worst: 0 };

  /** Takes the next values of both sides, as many of each. */
  add(a: Float32Array, b: Float32Array): void {
    if (a.length !== b.length) throw new Error(`${a.length} values are compared with ${b.length}`);
    this.#centre ??= a.find(Number.isFinite);
    this.#values += a.length;
    const centre = this.#centre ?? 0;
    const fast = finiteSums(a, b, centre);
    const sums = Number.isFinite(fast.squares + fast.differences) ? fast : checkedSums(a, b, centre);
    this.#sums = joined(this.#sums, sums);
  }

  result(): TensorError {
    const { finite, notFinite, sum, squares, differences, largest, worst } = this.#sums;
    const n = Math.max(finite, 1);
    const std = Math.sqrt(Math.max(squares / n - (sum / n) ** 2, 0));
    const spread = std > constantBelow * largest ? std : largest || 1;
    return {
      values: this.#values,
      max: worst / spread,
      rms: Math.sqrt(differences / n) / spread,
      spread,
      notFinite,
    };
  }
}

/** Sums over all places without looking at any: one that is not finite makes the sums not finite. Billions go through it. */
function finiteSums(a: Float32Array, b: Float32Array, centre: number): Sums {
  let sum = 0;
  let squares = 0;
  let differences = 0;
  let largest = 0;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const own = a[i]!;
    const difference = b[i]! - own;
    const fromCentre = own - centre;
    sum += fromCentre;
    squares += fromCentre * fromCentre;
    differences += difference * difference;
    // Math.max is a quarter of the time of a comparison and a branch here.
    largest = Math.max(largest, Math.abs(own));
    worst = Math.max(worst, Math.abs(difference));
  }
  return { finite: a.length, notFinite: 0, sum, squares, differences, largest, worst };
}

/** Sums over the places where both sides are finite, and counts those where they are not and do not say the same. */
function checkedSums(a: Float32Array, b: Float32Array, centre: number): Sums {
  const finite = a.map((own, i) => (Number.isFinite(own) && Number.isFinite(b[i]) ? 1 : 0));
  const kept = (values: Float32Array) => values.filter((_, i) => finite[i] === 1);
  const notFinite = a.reduce((count, own, i) => count + (finite[i] === 1 || Object.is(own, b[i]) ? 0 : 1), 0);
  return { ...finiteSums(kept(a), kept(b), centre), notFinite };
}

function joined(x: Sums, y: Sums): Sums {
  return {
    finite: x.finite + y.finite,
    notFinite: x.notFinite + y.notFinite,
    sum: x.sum + y.sum,
    squares: x.squares + y.squares,
    differences: x.differences + y.differences,
    largest: Math.max(x.largest, y.largest),
    worst: Math.max(x.worst, y.worst),
  };
}

/** Compares values that are in memory as a whole. */
export function errorOf(a: Float32Array, b: Float32Array): TensorError {
  const sum = new ErrorSum();
  sum.add(a, b);
  return sum.result();
}

/** Tells whether an error is more than the tolerance allows; values that are no numbers on one side alone always are. */
export function diverges({ max, notFinite }: TensorError, tolerance: number): boolean {
  return notFinite > 0 || max > tolerance;
}
