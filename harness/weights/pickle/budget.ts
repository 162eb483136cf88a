/** A budget limits what reading one file of weights may cost: a small file must not ask for hours or gigabytes. */

import { HarnessError } from "../../errors.ts";
import { limits } from "../../limits.ts";

/**
 * A tensor takes about 31 instructions, so ViT-H with its optimizer's state stays below 100,000 steps. A dict is one
 * instruction of one byte and some 250 bytes of memory: a file of few bytes gets few steps. A deflated pickle may take
 * more steps than its file has bytes.
 */
const stepsOfAnyFile = 40_000;
const stepsAByte = 2;

/** Elements that are read where views repeat them: each tensor counts in full. Tied weights double a network at most. */
const elementsOfAnyFile = 4 * 1024 * 1024;
const elementsAByte = 8;

export interface Budget {
  /** Counts instructions, copied items, members of modules and wrappings of tensors. Throws HarnessError when there are too many. */
  charge(steps: number): void;
  /** Counts the elements that reading a tensor touches. Throws HarnessError when tensors repeat their storages too often. */
  chargeElements(count: number): void;
}

/** Returns the one budget of a file: whatever the file asks for is counted in it. */
export function budgetOf(label: string, fileBytes: number): Budget {
  const mostSteps = Math.min(limits.pickleSteps, stepsOfAnyFile + stepsAByte * fileBytes);
  const mostElements = elementsOfAnyFile + elementsAByte * fileBytes;
  let steps = 0;
  let elements = 0;
  return {
    charge(count) {
      steps += count;
      if (steps <= mostSteps) return;
      throw new HarnessError(`${label}: the pickle is too long`, {
        found: `more than ${mostSteps} steps`,
        hint: "save the state dict alone, without the optimizer's state, and use that file",
      });
    },
    chargeElements(count) {
      elements += count;
      if (elements <= mostElements) return;
      throw new HarnessError(`${label}: its tensors repeat their storages without measure`, {
        found: `more than ${mostElements} elements in a file of ${fileBytes} bytes`,
        hint: "call contiguous() on the tensors before saving them",
      });
    },
  };
}
