import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../api.ts";
import { readAnnotations } from "../../coco/index.ts";
import { areaOf } from "../../mask/index.ts";
import { integer } from "../../stats/random.ts";
import type { Attack } from "../parser.ts";

/** Draws annotations whose polygons and boxes lie far off, or nowhere. */
export const coordinates: Attack = {
  id: "coordinates",
  describe: "polygons and boxes with coordinates that are huge, tiny, negative, NaN or infinite",
  cases: 1500,
  bounds: { cpuMs: 10_000, memoryBytes: 500e6 },
  draw: (random) => Buffer.from(annotationFile(random)),
  async read(bytes, folder) {
    const file = join(folder, "instances.json");
    writeFileSync(file, bytes);
    const { images, annotationsOf } = await readAnnotations(file);
    for (const { id, size } of images)
      for (const { mask } of annotationsOf(id)) {
        const pixels = size.height * size.width;
        const filled = mask.counts.reduce((sum, run) => sum + run, 0);
        if (filled !== pixels) throw new Error(`runs of ${filled} pixels in a mask of ${pixels}`);
        if (areaOf(mask) > pixels) throw new Error(`${areaOf(mask)} pixels set of ${pixels}`);
      }
  },
};

/** Numbers as they stand in the file: some are no JSON, but Python writes them. */
const edges = [
  ...["1e15", "-1e15", "1e308", "-1e308", "1e309", "5e-324", "-0", "0", "0.5", "1e6", "-1e6", "1000000.5", "-1000001"],
  ...["2147483647", "2147483648", "-2147483649", "4294967296", "9007199254740993", "NaN", "Infinity", "-Infinity"],
  ...["null", '"7"', "[]", "1e-30", "0.4999999999999999"],
];

function coordinate(random: Random, side: number): string {
  const kind = integer(random, 20);
  if (kind === 0) return edges[integer(random, edges.length)]!;
  if (kind === 1) return String((random.next() - 0.5) * 10 ** (20 * random.next()));
  return String(Math.round(100 * side * (1.4 * random.next() - 0.2)) / 100);
}

function annotationFile(random: Random): string {
  const height = 1 + integer(random, 300);
  const width = 1 + integer(random, 300);
  const numbers = (count: number) =>
    Array.from({ length: count }, (_, i) => coordinate(random, i % 2 ? height : width));
  const annotations = Array.from({ length: 1 + integer(random, 4) }, (_, index) => {
    const polygons = Array.from({ length: 1 + integer(random, 2) }, () => {
      const count = integer(random, 30) === 0 ? integer(random, 7) : 6 + 2 * integer(random, 6);
      return `[${numbers(count).join(",")}]`;
    });
    const box = numbers(integer(random, 30) === 0 ? 3 : 4).join(",");
    const area = integer(random, 30) === 0 ? edges[integer(random, edges.length)] : "10";
    return `{"id":${index + 1},"image_id":1,"category_id":1,"iscrowd":0,"area":${area},"bbox":[${box}],"segmentation":[${polygons.join(",")}]}`;
  });
  const size = integer(random, 20) === 0 ? edges[integer(random, edges.length)] : String(width);
  return `{"images":[{"id":1,"file_name":"a.jpg","height":${height},"width":${size}}],"categories":[{"id":1,"name":"a"}],"annotations":[${annotations.join(",")}]}`;
}
