import fc from "fast-check";
import { expect, test } from "vitest";
import { power } from "../stats/power.ts";
import { type AttentionSample, attentionError, errorPower } from "./agq.ts";
import { fakeQuantizeLog2 } from "./fixtures/fakeQuantizeLog2.ts";
import { type Log2Quantizer, log2Boundaries, log2Integer } from "./log2.ts";

const quantizers = fc.record({
  bits: fc.integer({ min: 2, max: 8 }),
  scale: fc.double({ min: 1e-4, max: 1, noNaN: true }),
  tau: fc.constantFrom(1, 2, 4),
});

const probabilitiesOf = (length: number) =>
  fc
    .array(fc.oneof(fc.constant(0), fc.float({ min: 0, max: 1, noNaN: true })), {
      minLength: length,
      maxLength: length,
    })
    .map((values) => Float32Array.from(values));

test("a float32 probability is above a boundary where its integer is at most the boundary's", () => {
  fc.assert(
    fc.property(quantizers, probabilitiesOf(200), (quantizer, probabilities) => {
      const boundaries = log2Boundaries(quantizer);
      for (const value of probabilities)
        expect([...boundaries].map((boundary) => value > boundary)).toEqual(
          [...boundaries.keys()].map((level) => log2Integer(value, quantizer) <= level),
        );
    }),
    { numRuns: 40 },
  );
});

/** The definition, term by term. */
function plainError({ probabilities, columns, values, width, groups }: AttentionSample, quantizer: Log2Quantizer) {
  const quantized = fakeQuantizeLog2(probabilities, quantizer);
  const rows = probabilities.length / columns;
  let total = 0;
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < width; i++) {
      let difference = 0;
      for (let column = 0; column < columns; column++) {
        const at = row * columns + column;
        const value = values[((groups?.[row] ?? 0) * columns + column) * width + i]!;
        difference += (quantized[at]! - probabilities[at]!) * value;
      }
      total += power(Math.abs(difference), errorPower);
    }
  return total / (rows * width);
}

test.each([4, 6, 1])("the error of rows of several groups is that of the definition, width %i", (width) => {
  const [rows, columns] = [5, 7];
  fc.assert(
    fc.property(
      quantizers,
      probabilitiesOf(rows * columns),
      fc.array(fc.float({ noNaN: true, min: -8, max: 8 }), { minLength: 3 * 7 * 6, maxLength: 3 * 7 * 6 }),
      (quantizer, probabilities, values) => {
        const groups = [2, 0, 2, 1, 0];
        const sample = { probabilities, columns, values: Float32Array.from(values), width, groups };
        const expected = plainError(sample, quantizer);
        expect(Math.abs(attentionError(sample, quantizer) - expected)).toBeLessThan(1e-12 * (1 + expected));
        const double = { ...sample, probabilities: Float64Array.from(probabilities) };
        expect(Math.abs(attentionError(double, quantizer) - expected)).toBeLessThan(1e-12 * (1 + expected));
      },
    ),
  );
});
