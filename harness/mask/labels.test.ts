import fc from "fast-check";
import { expect, test } from "vitest";
import { labelMasks } from "./labels.ts";
import { encodeRle } from "./rle.ts";

test("one pass gives the masks that a pass for each label gives", () => {
  const picture = fc.record({
    height: fc.integer({ min: 1, max: 9 }),
    width: fc.integer({ min: 1, max: 9 }),
    values: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 81, maxLength: 81 }),
  });
  fc.assert(
    fc.property(picture, ({ height, width, values }) => {
      const size = { height, width };
      const labels = Uint8Array.from(values.slice(0, height * width));
      const expected = [...new Set(labels)].map((label) => [
        label,
        encodeRle(
          labels.map((value) => (value === label ? 1 : 0)),
          size,
        ),
      ]);
      expect(labelMasks(labels, size)).toEqual(new Map(expected as []));
    }),
  );
});

test("65,535 labels take the time of their pixels", () => {
  const size = { height: 512, width: 512 };
  const labels = Uint16Array.from({ length: 512 * 512 }, (_, i) => i & 0xffff);
  const start = performance.now();
  expect(labelMasks(labels, size).size).toBe(65536);
  expect(performance.now() - start).toBeLessThan(5000);
});
