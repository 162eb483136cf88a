import { power } from "./power.ts";

const steps = 1000;

/**
 * Returns the value that the magnitude of Student's t exceeds with probability `tail`: 12.7 for one degree of freedom and 5 %,
 * 1.96 for very many. The degrees are at least 1, whole or not. The value is good to four digits (studentT.test.ts).
 */
export function studentT(degrees: number, tail: number): number {
  const { width, sums } = below(degrees);
  const wanted = (1 - tail) * sums[steps]!;
  let i = 0;
  while (sums[i + 1]! < wanted) i++;
  return tOf(degrees, width * (i + (wanted - sums[i]!) / (sums[i + 1]! - sums[i]!)));
}

/** Returns the probability that the magnitude of Student's t exceeds `t`: the inverse of `studentT`. */
export function studentTail(degrees: number, t: number): number {
  const { width, sums } = below(degrees);
  const place = Math.atan(t / Math.sqrt(degrees)) / width;
  if (place >= steps) return 0;
  const i = Math.floor(place);
  const share = sums[i]! + (place - i) * (sums[i + 1]! - sums[i]!);
  return 1 - share / sums[steps]!;
}

/**
 * Sums the density up to each of many angles: with t = sqrt(degrees) tan(angle), it is cos(angle) ^ (degrees - 1), and Simpson's
 * rule sums it.
 */
function below(degrees: number): { readonly width: number; readonly sums: Float64Array } {
  if (!(degrees >= 1)) throw new Error(`studentT: at least one degree of freedom, found ${degrees}`);
  // The density is as good as 0 from there on, and a wide interval would leave few steps to where it is not.
  const width = Math.min(Math.PI / 2, 10 / Math.sqrt(degrees)) / steps;
  const densityAt = (angle: number) => power(Math.max(0, Math.cos(angle)), degrees - 1);
  const sums = new Float64Array(steps + 1);
  for (let i = 0; i < steps; i++) {
    const from = i * width;
    sums[i + 1] =
      sums[i]! + (width / 6) * (densityAt(from) + 4 * densityAt(from + width / 2) + densityAt(from + width));
  }
  return { width, sums };
}

function tOf(degrees: number, angle: number): number {
  return Math.sqrt(degrees) * Math.tan(angle);
}
