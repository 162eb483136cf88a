import { type GraphTensor, squeezed } from "./graphTensors.ts";
import { errorOf } from "./tensorError.ts";

const defaults = {
  /** The most pairs that are looked at: both lists of tensors multiplied. It takes a byte for each. */
  cells: 2 ** 27,
  /** Tensors whose samples differ by more of their spread are paired only where shape and operator, or the name, are the same. */
  alike: 0.1,
  /** Samples that agree to this share of the spread are as good as equal. */
  equal: 1e-6,
};

/** Points of a pair beside those for agreeing samples, which are at most one. */
const points = { pair: 0.05, operator: 0.1, name: 0.3 } as const;

const step = { skipA: 1, skipB: 2, pair: 3 } as const;

/**
 * Pairs two lists of tensors in their order: no pair crosses another, and the sum of their points is the largest that there is. A
 * pair has as many values on both sides, and the same shape or values that agree. Points go by how far samples agree: so tensors
 * that only one side has do not shift the pairs behind them. Returns nothing where the lists are too long for it.
 */
export function align(
  a: readonly GraphTensor[],
  b: readonly GraphTensor[],
): readonly (readonly [GraphTensor, GraphTensor])[] | undefined {
  const width = b.length + 1;
  if ((a.length + 1) * width > defaults.cells) return undefined;
  const steps = new Uint8Array((a.length + 1) * width);
  let above = new Float64Array(width);
  for (let i = 1; i <= a.length; i++) {
    const row = new Float64Array(width);
    for (let j = 1; j <= b.length; j++) {
      const worth = pointsOf(a[i - 1]!, b[j - 1]!);
      const paired = worth === 0 ? -1 : above[j - 1]! + worth;
      const best = Math.max(above[j]!, row[j - 1]!, paired);
      row[j] = best;
      steps[i * width + j] = best === paired ? step.pair : best === above[j] ? step.skipA : step.skipB;
    }
    above = row;
  }
  return pairsOf(a, b, steps);
}

/** Goes the way of the largest sum backwards. */
function pairsOf(a: readonly GraphTensor[], b: readonly GraphTensor[], steps: Uint8Array) {
  const pairs: [GraphTensor, GraphTensor][] = [];
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    const taken = steps[i * (b.length + 1) + j];
    if (taken === step.pair) pairs.push([a[i - 1]!, b[j - 1]!]);
    if (taken !== step.skipB) i -= 1;
    if (taken !== step.skipA) j -= 1;
  }
  return pairs.toReversed();
}

/** Returns the points of a pair; none where the two can not be the same tensor. */
function pointsOf(a: GraphTensor, b: GraphTensor): number {
  if (a.elements !== b.elements || a.samples.length !== b.samples.length) return 0;
  const { rms, notFinite } = errorOf(a.samples, b.samples);
  const apart = notFinite > 0 ? 1 : rms;
  const sameOperator = a.node.operator === b.node.operator;
  const sameName = a.name === b.name;
  if (apart > defaults.alike && !sameName && !(sameOperator && squeezed(a) === squeezed(b))) return 0;
  const agreement = Math.log(Math.max(apart, defaults.equal)) / Math.log(defaults.equal);
  return points.pair + Math.max(agreement, 0) + (sameOperator ? points.operator : 0) + (sameName ? points.name : 0);
}
