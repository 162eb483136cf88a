import type { AxisOperator } from "./interpolation.ts";

/** Neighbours along an axis; `end` is not part of them. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

/**
 * The inputs that each output of an axis sees: output i those from first[i] to end[i]. Neither falls from one output to the
 * next. An operator's windows are wider, since all are as wide as the widest.
 */
export interface Sight {
  readonly first: Int32Array;
  readonly end: Int32Array;
  /** It counts, in before[r], the outputs that see no input from r on. */
  readonly before: Int32Array;
  /** It counts, in reached[r], the outputs that see an input before r. */
  readonly reached: Int32Array;
}

/** Returns what the outputs of an axis see of its inputs. */
export function sightOf({ taps, first: windows, weights }: AxisOperator, inputs: number): Sight {
  const outputs = windows.length;
  const first = new Int32Array(outputs);
  const end = new Int32Array(outputs);
  for (let i = 0; i < outputs; i++) {
    let left = 0;
    let right = taps;
    while (left < taps - 1 && weights[i * taps + left] === 0) left++;
    while (right > left + 1 && weights[i * taps + right - 1] === 0) right--;
    first[i] = windows[i]! + left;
    end[i] = Math.max(windows[i]! + right, end[i - 1] ?? 0);
  }
  for (let i = outputs - 2; i >= 0; i--) first[i] = Math.min(first[i]!, first[i + 1]!);
  const before = new Int32Array(inputs + 1);
  const reached = new Int32Array(inputs + 1);
  for (let input = 0, ended = 0, begun = 0; input <= inputs; input++) {
    while (ended < outputs && end[ended]! <= input) ended++;
    while (begun < outputs && first[begun]! < input) begun++;
    before[input] = ended;
    reached[input] = begun;
  }
  return { first, end, before, reached };
}

/** Returns the same operator with three taps or more; those that are added have weight 0, and may lie beyond the inputs. */
export function withThreeTaps(operator: AxisOperator): AxisOperator {
  const { taps, first, weights } = operator;
  if (taps >= 3) return operator;
  const padded = new Float64Array(3 * first.length);
  for (let i = 0; i < weights.length; i++) padded[3 * Math.floor(i / taps) + (i % taps)] = weights[i]!;
  return { taps: 3, first, weights: padded };
}
