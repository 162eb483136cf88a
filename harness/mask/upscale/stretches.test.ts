import fc from "fast-check";
import { expect, test } from "vitest";
import { several } from "./levels.ts";
import { sightOf } from "./sight.ts";
import { pushDecided, stretchesOf } from "./stretches.ts";

/** Operators of windows that do not fall, two or three inputs wide, whose outer weights may be 0. */
const operators = fc
  .record({ inputs: fc.integer({ min: 3, max: 12 }), taps: fc.integer({ min: 2, max: 3 }) })
  .chain(({ inputs, taps }) =>
    fc.record({
      inputs: fc.constant(inputs),
      operator: fc
        .array(fc.record({ first: fc.nat(inputs - taps), left: fc.nat(1), right: fc.nat(1) }), {
          minLength: 1,
          maxLength: 30,
        })
        .map((windows) => ({
          taps,
          first: Int32Array.from(windows.map(({ first }) => first)).sort(),
          weights: Float64Array.from(
            windows.flatMap(({ left, right }) => [left, ...Array(taps - 2).fill(1), right + 1 - left]),
          ),
        })),
      classes: fc.array(fc.constantFrom(0, 1, 3, 7, several, several + 3), { minLength: inputs, maxLength: inputs }),
    }),
  );

test("a stretch has the class of all that its outputs see, and several where they see more than one", () => {
  fc.assert(
    fc.property(operators, ({ inputs, operator, classes }) => {
      const sight = sightOf(operator, inputs);
      const outputs = { first: 0, end: operator.first.length };
      const stretches = stretchesOf(outputs.end);
      pushDecided(stretches, Uint8Array.from(classes), { sight, outputs });
      const found = Array.from({ length: outputs.end }, (_, output) => {
        return stretches.classes[stretches.ends.subarray(0, stretches.length).findIndex((end) => end > output)];
      });
      const expected = Array.from({ length: outputs.end }, (_, output) => {
        const seen = new Set(classes.slice(sight.first[output]!, sight.end[output]!));
        const [only] = seen;
        return seen.size === 1 && only! < several ? only : several;
      });
      expect(found).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
