const defaults = {
  /** Absolute precision of the argument. */
  tolerance: 1e-5,
  evaluations: 500,
};

export interface Minimum {
  readonly at: number;
  readonly value: number;
}

/** The golden section cuts here: (3 - sqrt 5) / 2. */
const golden = 0.5 * (3 - Math.sqrt(5));

/**
 * Finds a local minimum of a function of one variable between two bounds, without derivatives: parabolic steps through the best
 * three points, golden sections where a parabola does not serve. Source: Brent, Algorithms for minimization without derivatives,
 * 1973, chapter 5; steps and tolerances are those of SciPy's minimize_scalar with method "bounded", so both come to the same
 * argument.
 */
export function minimizeBounded(f: (x: number) => number, low: number, high: number): Minimum {
  let a = low;
  let b = high;
  const first = a + golden * (b - a);
  // Best point so far, second best, and the second best before that.
  let best = first;
  let second = first;
  let third = first;
  let fBest = f(best);
  let fSecond = fBest;
  let fThird = fBest;
  let step = 0;
  let earlier = 0;
  for (let evaluations = 1; evaluations < defaults.evaluations; evaluations++) {
    const middle = 0.5 * (a + b);
    const fine = Math.sqrt(Number.EPSILON) * Math.abs(best) + defaults.tolerance / 3;
    if (Math.abs(best - middle) <= 2 * fine - 0.5 * (b - a)) break;
    const fitted =
      Math.abs(earlier) > fine ? parabola({ best, second, third, fBest, fSecond, fThird, earlier, a, b }) : undefined;
    earlier = step;
    if (fitted === undefined) {
      earlier = best >= middle ? a - best : b - best;
      step = golden * earlier;
    } else {
      step = fitted;
      const reached = best + step;
      if (reached - a < 2 * fine || b - reached < 2 * fine) step = middle >= best ? fine : -fine;
    }
    const x = best + Math.sign(step || 1) * Math.max(Math.abs(step), fine);
    const fx = f(x);
    if (fx <= fBest) {
      if (x >= best) a = best;
      else b = best;
      [third, fThird, second, fSecond, best, fBest] = [second, fSecond, best, fBest, x, fx];
    } else {
      if (x < best) a = x;
      else b = x;
      if (fx <= fSecond || second === best) [third, fThird, second, fSecond] = [second, fSecond, x, fx];
      else if (fx <= fThird || third === best || third === second) [third, fThird] = [x, fx];
    }
  }
  return { at: best, value: fBest };
}

interface Points {
  readonly best: number;
  readonly second: number;
  readonly third: number;
  readonly fBest: number;
  readonly fSecond: number;
  readonly fThird: number;
  /** The step before the last one: a new one must be less than half of it. */
  readonly earlier: number;
  readonly a: number;
  readonly b: number;
}

/** Returns the step to the lowest point of the parabola through three points, if it lies inside and steps shrink. */
function parabola({ best, second, third, fBest, fSecond, fThird, earlier, a, b }: Points): number | undefined {
  const r = (best - second) * (fBest - fThird);
  const q = (best - third) * (fBest - fSecond);
  let numerator = (best - third) * q - (best - second) * r;
  let divisor = 2 * (q - r);
  if (divisor > 0) numerator = -numerator;
  divisor = Math.abs(divisor);
  const accepted =
    Math.abs(numerator) < Math.abs(0.5 * divisor * earlier) &&
    numerator > divisor * (a - best) &&
    numerator < divisor * (b - best);
  return accepted ? numerator / divisor : undefined;
}
