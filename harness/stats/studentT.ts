import { power } from "./power.ts";

const steps = 1000;

/**
 * Returns the value that the magnitude of Student's t exceeds with probability `tail`: 12.7 for one degree of freedom and 5 %,
 * 1.96 for very many. The degrees are at least 1, whole or not.
 * With t = sqrt(degrees) tan(angle), the density over the angle is cos(angle) ^ (degrees - 1). Simpson's rule sums the density
 * until a share of 1 - tail lies below. The value is good to four digits (studentT.test.ts).
 */
export function studentT(degrees: number, tail: number): number {
  if (!(degrees >= 1)) throw new Error(`studentT: at least one degree of freedom, found ${degrees}`);
  // The density is as good as 0 from there on, and a wide interval would leave few steps to where it is not.
  const last = Math.min(Math.PI / 2, 10 / Math.sqrt(degrees));
  const width = last / steps;
  const densityAt = (angle: number) => power(Math.max(0, Math.cos(angle)), degrees - 1);
  const sums = new Float64Array(steps + 1);
  for (let i = 0; i < steps; i++) {
    const from = i * width;
    const middle = (i + 0.5) * width;
    const to = (i + 1) * width;
    sums[i + 1] = sums[i]! + (width / 6) * (densityAt(from) + 4 * densityAt(middle) + densityAt(to));
  }
  const wanted = (1 - tail) * sums[steps]!;
  let i = 0;
  while (sums[i + 1]! < wanted) i++;
  const angle = width * (i + (wanted - sums[i]!) / (sums[i + 1]! - sums[i]!));
  return Math.sqrt(degrees) * Math.tan(angle);
}
