/**
 * Returns base ^ exponent of a base that is not negative: the same bits on every version of Node. The operator `**` gives other
 * last bits on Node 24 than on Node 20, and a search for the scale of least error then ends elsewhere. Math.exp and Math.log
 * agree. The relative error is below 1e-14 for results from 1e-20 to 1e20 (power.test.ts).
 */
export function power(base: number, exponent: number): number {
  return exponent === 0 ? 1 : Math.exp(exponent * Math.log(base));
}
