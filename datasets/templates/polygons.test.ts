import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeJpeg } from "../../harness/image/index.ts";
import dataset from "./polygons.ts";

const size = { width: 8, height: 6 };
const square = { polygon: [1, 1, 4, 1, 4, 3, 1, 3] };
const line = { polygon: [1, 1, 5, 1, 3, 1] };

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "sam-bench-polygons-"));
});
afterEach(() => rmSync(data, { recursive: true }));

async function writePhoto(name: string, objects: readonly unknown[]): Promise<void> {
  writeFileSync(join(data, `${name}.jpg`), await encodeJpeg({ size, pixels: new Uint8Array(144).fill(90) }, 90));
  writeFileSync(join(data, `${name}.json`), JSON.stringify({ ...size, objects }));
}

test("each polygon is an object that is prompted and scored, and one without a pixel is left out and counted", async () => {
  await writePhoto("b", [square]);
  await writePhoto("a", [line, square]);
  const opened = await dataset.open({ data, seed: 0 });
  expect(opened.images.map(({ id, fileName, size }) => [id, fileName, size])).toEqual([
    [1, "a.jpg", size],
    [2, "b.jpg", size],
  ]);
  const [annotation] = opened.annotationsOf(1);
  expect(annotation).toMatchObject({ image: 1, areaPx: 6, box: { x0: 1, y0: 1, x1: 4, y1: 3 }, crowd: false });
  expect(opened.targetsOf(1)).toEqual([annotation]);
  expect(opened.warnings).toEqual([`${data}: 1 objects that are no polygon of a pixel or more were left out.`]);
  expect((await opened.read(2)).size).toEqual(size);
});

test("a limit renumbers nothing, and the fingerprint follows the polygons", async () => {
  await writePhoto("a", [square]);
  await writePhoto("b", [square]);
  const whole = await dataset.open({ data, seed: 0 });
  const second = await dataset.open({ data, seed: 0, images: [2] });
  expect(second.annotationsOf(2)).toEqual(whole.annotationsOf(2));
  await writePhoto("b", [{ polygon: [1, 1, 5, 1, 5, 3, 1, 3] }]);
  expect((await dataset.open({ data, seed: 0 })).fingerprint).not.toBe(whole.fingerprint);
});

test("a file that is not as the schema says is refused by its name and field", async () => {
  await writePhoto("a", [{ polygon: [1, 1] }]);
  await expect(dataset.open({ data, seed: 0 })).rejects.toThrow(
    /a\.json: field objects\.0\.polygon is not as it should/,
  );
  await expect(dataset.open({ seed: 0 })).rejects.toThrow("needs --data");
  await expect(dataset.open({ data: join(data, "none"), seed: 0 })).rejects.toThrow("can not be read");
});
