import { join } from "node:path";
import { expect, test } from "vitest";
import type { Geometry, Size } from "../../harness/api.ts";
import { readAnnotations } from "../../harness/coco/read/annotations.ts";
import { toModelFrame } from "../../harness/image/index.ts";
import { iou } from "../../harness/mask/index.ts";
import { shared } from "../../harness/shared.ts";
import { promptMask } from "./promptMask.ts";

const side = 64;

function geometryOf(image: Size): Geometry {
  const scale = side / Math.max(image.height, image.width);
  const resized = { height: Math.round(image.height * scale), width: Math.round(image.width * scale) };
  return { image, resized, offset: { x: 0, y: 0 }, frame: { height: side, width: side } };
}

test.skipIf(shared === undefined)("filled boxes have a mean IoU of 0.607 with 812 masks of real photos", async () => {
  const file = join(shared!, "realset", "coco.json");
  const { images, annotationsOf } = await readAnnotations(file, { select: (all) => all });
  const ious = images.flatMap(({ id, size }) =>
    annotationsOf(id)
      .filter(({ crowd }) => !crowd)
      .map(({ box, mask }) => {
        const geometry = geometryOf(size);
        const prompt = toModelFrame({ frame: "image", points: [], box }, geometry);
        const filled = promptMask(prompt, geometry, () => Number.NaN);
        return iou(filled, mask)!;
      }),
  );
  expect(ious).toHaveLength(812);
  expect(ious.reduce((sum, each) => sum + each, 0) / ious.length).toBeCloseTo(0.607, 3);
});
