import fc from "fast-check";
import { expect, test } from "vitest";
import { ascending, descending, stableOrder } from "./order.ts";

test("the order is that of a stable sort by falling score, then by group", () => {
  const score = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, -0, 0.5, 1));
  const item = fc.record({ score, group: fc.oneof(fc.nat(3), fc.nat(2 ** 32 - 1)) });
  fc.assert(
    fc.property(fc.array(item, { maxLength: 60 }), (items) => {
      const keys = [
        descending(Float64Array.from(items, (each) => each.score)),
        ascending(Uint32Array.from(items, (each) => each.group)),
      ];
      const expected = [...items.keys()].sort(
        (a, b) => items[b]!.score - items[a]!.score || items[a]!.group - items[b]!.group,
      );
      expect([...stableOrder(items.length, keys)]).toEqual(expected);
    }),
  );
});
