import { several } from "./levels.ts";
import type { Sight, Span } from "./sight.ts";

/** Stretches of outputs along an axis: stretch i ends before output ends[i], and its outputs are of classes[i]. */
export interface Stretches {
  readonly ends: Int32Array;
  /** It holds the class of all outputs of a stretch, or `several`. */
  readonly classes: Uint8Array;
  length: number;
}

export function stretchesOf(outputs: number): Stretches {
  // No stretch is empty.
  return { ends: new Int32Array(outputs), classes: new Uint8Array(outputs), length: 0 };
}

export function push(stretches: Stretches, end: number, found: number): void {
  stretches.ends[stretches.length] = end;
  stretches.classes[stretches.length++] = found;
}

/**
 * Adds the stretches of some outputs by the classes of the inputs. An output does not leave the range of what it sees: where all
 * of that is of one class, so is the output.
 */
export function pushDecided(
  stretches: Stretches,
  inputs: Uint8Array,
  { sight, outputs }: { readonly sight: Sight; readonly outputs: Span },
): void {
  const { before, reached } = sight;
  const end = sight.end[outputs.end - 1]!;
  let input = sight.first[outputs.first]!;
  let last = inputs[input]!;
  // Outputs up to `pushed` are in a stretch, and those from there to `open` may be of several classes.
  let pushed = outputs.first;
  let open = outputs.first;
  for (; input < end; input++) {
    const found = inputs[input]!;
    if (found === last && found < several) continue;
    const decided = before[input]!;
    if (decided > open) {
      if (open > pushed) push(stretches, open, several);
      push(stretches, decided, last);
      pushed = decided;
      open = decided;
    }
    // What sees the inputs on either side is open, and what sees an input of several classes.
    open = Math.max(open, Math.min(reached[found < several ? input : input + 1]!, outputs.end));
    last = found;
  }
  if (open > pushed) push(stretches, open, several);
  if (open < outputs.end) push(stretches, outputs.end, last);
}
