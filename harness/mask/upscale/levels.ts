/** Levels that a logit may exceed, lowest first; two may be equal. The mask is what exceeds `mask`. */
export interface Levels {
  readonly loose: number;
  readonly mask: number;
  readonly tight: number;
}

/**
 * A value's class has one bit for each level that the value exceeds. What exceeds a level exceeds those below it, so that OR
 * gives the highest of several classes and AND the lowest.
 */
export const classes = { below: 0, loose: 1, mask: 3, tight: 7 } as const;

/** This number, or a larger one in the place of a class, says that values may be of several. */
export const several = 8;

/** Levels, and the range of each class: its values are above floors[class] and not above ceilings[class]. */
export interface Ranges extends Levels {
  readonly floors: Float64Array;
  readonly ceilings: Float64Array;
}

export function rangesOf({ loose, mask, tight }: Levels): Ranges {
  const floors = new Float64Array(several);
  const ceilings = new Float64Array(several).fill(Number.POSITIVE_INFINITY);
  floors[classes.below] = Number.NEGATIVE_INFINITY;
  ceilings[classes.below] = loose;
  floors[classes.loose] = loose;
  ceilings[classes.loose] = mask;
  floors[classes.mask] = mask;
  ceilings[classes.mask] = tight;
  floors[classes.tight] = tight;
  return { loose, mask, tight, floors, ceilings };
}

export function classOf(value: number, { loose, mask, tight }: Levels): number {
  if (value > mask) return value > tight ? classes.tight : classes.mask;
  return value > loose ? classes.loose : classes.below;
}
