import fc from "fast-check";
import { expect, test } from "vitest";
import { EncodedMasks } from "./encodedMasks.ts";
import { encodeRle } from "./rle.ts";
import { formatCounts } from "./rleString.ts";
import { RunTable } from "./runTable.ts";

const size = { height: 40, width: 90 };

function decoded(masks: EncodedMasks, index: number): number[] {
  const runs = new RunTable();
  return [...runs.rle(masks.decode(index, size, runs), size).counts];
}

test("masks come back as they went in, here and in another thread's copy", () => {
  const bits = fc.array(fc.constantFrom(0, 0, 0, 0, 1, 1), { minLength: 3600, maxLength: 3600 });
  fc.assert(
    fc.property(fc.array(bits, { minLength: 1, maxLength: 3 }), (all) => {
      const given = all.map((pixels) => encodeRle(Uint8Array.from(pixels), size));
      const masks = new EncodedMasks();
      for (const mask of given) masks.addCounts(formatCounts(mask));
      const copy = EncodedMasks.of(masks.shared());
      for (const [i, mask] of given.entries()) {
        expect(decoded(masks, i)).toEqual([...mask.counts]);
        expect(decoded(copy, i)).toEqual([...mask.counts]);
      }
    }),
    { numRuns: 20 },
  );
});

test("many masks fill several chunks", () => {
  const masks = new EncodedMasks();
  // One run of 3,600 pixels but for the last `i`, in strings of two to six bytes.
  for (let i = 0; i < 30_000; i++)
    masks.addCounts(formatCounts({ size, counts: Uint32Array.of(3600 - (i % 50), i % 50) }));
  for (const i of [0, 49, 12_345, 29_999]) expect(decoded(masks, i)).toEqual([3600 - (i % 50), i % 50]);
});

const text = (json: string) => new Uint8Array(Buffer.from(json, "latin1"));

test("an escape that JSON allows is read", () => {
  const masks = new EncodedMasks();
  const counts = formatCounts({ size, counts: Uint32Array.of(3590, 10) });
  expect(
    decoded(masks, masks.add(text(`\\u${counts.charCodeAt(0).toString(16).padStart(4, "0")}${counts.slice(1)}`))),
  ).toEqual([3590, 10]);
});

test.each([
  ["52", "run lengths do not add up"],
  ["oo", "ends in the middle of a run"],
  ["o", "ends in the middle of a run"],
  ["!", "COCO's alphabet lacks"],
  ["O", "is no length"],
  ["\\", "JSON"],
])("%j is no mask, and says why", (json, message) => {
  const masks = new EncodedMasks();
  // Another mask behind it: what follows is not to be read into it.
  const index = masks.add(text(json));
  masks.addCounts(formatCounts({ size, counts: Uint32Array.of(3600) }));
  expect(() => masks.decode(index, size, new RunTable())).toThrow(message);
});
