import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HarnessError } from "../../errors.ts";
import { formatCounts } from "../../mask/rleString.ts";
import { maskOf, size } from "../fixtures/scene.ts";
import { evaluateFiles } from "./evaluateFiles.ts";
import { cocoRules, lvisRules } from "./rules.ts";
import { onceEach, summarizer } from "./summarize.ts";

const folder = mkdtempSync(join(tmpdir(), "sam-bench-files-"));

function write(name: string, content: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(content));
  return file;
}

/** Scene after scene of one annotation, shifted, and a detection that is less and less like it. */
const places = Array.from({ length: 9 }, (_, i) => ({
  id: i + 1,
  at: [i, 5, 12, 10] as const,
  found: [2 * i, 5, 12, 10] as const,
}));
const segmentation = (at: readonly [number, number, number, number]) => {
  return { size: [size.height, size.width], counts: formatCounts(maskOf(...at)) };
};
const annotations = write("annotations.json", {
  images: places.map(({ id }) => ({ id, file_name: `${id}.jpg`, ...size })),
  categories: [{ id: 1, name: "cup" }],
  annotations: places.map(({ id, at }) => {
    return { id, image_id: id, category_id: 1, bbox: at, area: 120, iscrowd: 0, segmentation: segmentation(at) };
  }),
});
const found = places.map(({ id, found }) => {
  return { image_id: id, category_id: 1, score: id / 10, segmentation: segmentation(found) };
});
const detections = write("detections.json", found);

test.each(["segm", "bbox"] as const)("two threads find what one finds: %s", async (type) => {
  const [one, two] = await Promise.all(
    ([1, 2] as const).map(async (threads) => {
      const { matches, annotations: file } = await evaluateFiles({
        annotations,
        detections,
        type,
        threads,
        rules: () => cocoRules,
      });
      const { values, byCategory } = summarizer(matches, file.categories);
      return [values(onceEach(matches)), byCategory(onceEach(matches))];
    }),
  );
  expect(two).toEqual(one);
  expect(one![0]![0]).toMatchObject({ id: "AP", value: expect.closeTo(0.14, 1), n: 9 });
});

test.each([
  ["annotations that are not there", { annotations: join(folder, "missing.json") }, /can not be opened/],
  ["detections that are not there", { detections: join(folder, "missing.json") }, /can not be opened/],
  [
    "detections of unknown images",
    { detections: write("other.json", [{ ...found[0], image_id: 77 }]) },
    /no such image/,
  ],
  ["annotations without LVIS's lists", { rules: () => lvisRules }, /no negative and not-exhaustive lists/],
])("%s are the user's mistake with two threads as with one", async (_, change, message) => {
  for (const threads of [1, 2] as const) {
    const scored = evaluateFiles({ annotations, detections, type: "segm", rules: () => cocoRules, threads, ...change });
    await expect(scored).rejects.toThrow(message);
    await expect(scored).rejects.toBeInstanceOf(HarnessError);
  }
});
