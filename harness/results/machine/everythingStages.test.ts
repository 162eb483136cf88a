import { expect, test } from "vitest";
import { everythingReport } from "./everythingStages.ts";

const image = (decode: number, masks: number | undefined) => ({
  ms: { prepare: 1, encode: 2, decode, upscale: 4, filter: 5 },
  peakBytes: masks === undefined ? undefined : { encode: 10, masks },
});

test("times are medians over the images, and a peak is the highest of any", () => {
  const { ms, peakBytes } = everythingReport([image(30, 7), image(10, 9), image(20, undefined)])!;
  expect([ms.decode.median, ms.decode.n, ms.filter.median]).toEqual([20, 3, 5]);
  expect(peakBytes).toEqual({ encode: 10, masks: 9 });
});

test("images that an earlier version timed have no stages", () => {
  expect(everythingReport([])).toBeUndefined();
});
