import { HarnessError } from "../errors.ts";

/** Widths of weights and of activations, in bits. */
export interface Bits {
  readonly weights: number;
  readonly activations: number;
}

const limits = { least: 2, most: 8 };

/** Reads bits: `w4a8` means 4-bit weights and 8-bit activations. Throws HarnessError for another form, or bits out of range. */
export function parseBits(text: string): Bits {
  const match = /^w(\d+)a(\d+)$/.exec(text);
  const bits = match === null ? undefined : { weights: Number(match[1]), activations: Number(match[2]) };
  const inRange = (width: number) => width >= limits.least && width <= limits.most;
  if (bits !== undefined && inRange(bits.weights) && inRange(bits.activations)) return bits;
  throw new HarnessError(`${text}: ${bits === undefined ? "not a bit setting" : "bits out of range"}`, {
    expected: `w and a with ${limits.least} to ${limits.most} bits each, such as w6a6 or w4a8`,
  });
}
