import { mkdtemp, readFile, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { examplePrediction, exampleRows } from "./fixtures/run.ts";
import { imageText, indexRows, readImage, readImages, readRows, rowsHash, sortedRows } from "./rows.ts";
import type { Row } from "./schema/rowSchema.ts";

async function fileOf(...pieces: readonly string[]): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), "rows-")), "rows.jsonl");
  await writeFile(file, pieces.join(""));
  return file;
}

async function all(rows: AsyncIterable<Row>): Promise<Row[]> {
  const found: Row[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

const image = (id: number) => imageText(id, exampleRows(id));

test("rows come back in the order of the file, and those of each image in the order given", async () => {
  const file = await fileOf(image(5), image(3), image(4));
  expect(await all(readRows(file))).toEqual([5, 3, 4].flatMap(exampleRows));
});

test("each image comes with its rows and with the place where they are read again", async () => {
  const file = await fileOf(image(5), imageText(9, []), image(3));
  const found: number[] = [];
  for await (const { image, rows, place } of readImages(file)) {
    found.push(image);
    expect(rows).toEqual(image === 9 ? [] : exampleRows(image));
    expect(await readImage(file, place)).toEqual(rows);
    expect((await indexRows(file)).places.get(image)).toEqual(place);
  }
  expect(found).toEqual([5, 9, 3]);
});

test("an image without rows is finished too", async () => {
  const index = await indexRows(await fileOf(imageText(9, [])));
  expect([...index.places.keys()]).toEqual([9]);
  expect(index.rows).toBe(0);
});

test("how long everything mode took stands with the image's end, and rows of other runs do not lack it", async () => {
  const everythingMs = { "anything-32": 1234.5 };
  const timed = imageText(1, [examplePrediction(1, 1, 0.5)], { everythingMs });
  const untimed = imageText(1, [examplePrediction(1, 1, 0.5)]);
  expect((await indexRows(await fileOf(timed, image(2)))).places.get(1)).toMatchObject({ everythingMs, start: 0 });
  expect((await indexRows(await fileOf(untimed))).places.get(1)!.everythingMs).toBeUndefined();
  // A duration is no part of what the rows say.
  expect(await rowsHash(readRows(await fileOf(timed)))).toBe(await rowsHash(readRows(await fileOf(untimed))));
});

test("a file cut at any byte of its last image has the images before it, whole", async () => {
  const before = [1, 2].map(image).join("");
  const last = imageText(3, [examplePrediction(3, 1, 0.5), examplePrediction(3, 2, 0.5)]);
  const beforeBytes = Buffer.byteLength(before);
  const lastBytes = Buffer.byteLength(last);
  const file = await fileOf(before, last);
  expect([...(await indexRows(file)).places.keys()]).toEqual([1, 2, 3]);
  for (let cut = lastBytes - 1; cut >= 0; cut--) {
    await truncate(file, beforeBytes + cut);
    const { places, end, tornBytes } = await indexRows(file);
    expect([[...places.keys()], end, tornBytes]).toEqual([[1, 2], beforeBytes, cut]);
  }
  expect(await all(readRows(file))).toEqual([1, 2].flatMap(exampleRows));
});

test("what a power cut leaves in place of the last line does not count", async () => {
  for (const rest of ["\0".repeat(4096), `{"kind":"pre\0\0\0\0\n`, "{}\n"]) {
    const { places, tornBytes } = await indexRows(await fileOf(image(1), rest));
    expect([...places.keys()]).toEqual([1]);
    expect(tornBytes).toBe(rest.length);
  }
});

test("a damaged row before others names file and line and says how to go on", async () => {
  const lines = [1, 2, 3].map(image).join("").split("\n");
  lines[4] = lines[4]!.replace('"kind"', '"kin');
  const file = await fileOf(lines.join("\n"));
  const failure = {
    message: expect.stringMatching(/rows\.jsonl:5: damaged row: not JSON/),
    hint: expect.stringContaining("images that are not whole are done again"),
  };
  await expect(indexRows(file)).rejects.toMatchObject(failure);
  await expect(all(readRows(file))).rejects.toMatchObject(failure);
});

test("a missing line in the middle of an image is damage", async () => {
  const two = imageText(2, [examplePrediction(2, 1, 0.5), examplePrediction(2, 2, 0.5)]).split("\n");
  const file = await fileOf(image(1), two.slice(1).join("\n"), image(3));
  await expect(indexRows(file)).rejects.toThrow("image 2 has 1 of 2 rows");
});

test("a missing end of an image before others is damage", async () => {
  const open = `${JSON.stringify(examplePrediction(2, 1, 0.5))}\n`;
  await expect(indexRows(await fileOf(image(1), open, image(3)))).rejects.toThrow("begins before image 2 has ended");
});

test("an image that stands twice is damage", async () => {
  await expect(indexRows(await fileOf(image(1), image(2), image(1)))).rejects.toThrow("image 1 stands twice");
});

test("sorted rows and their hash do not depend on the order in which images came", async () => {
  const one = await fileOf(...[10, 2, 33, 4].map(image));
  const other = await fileOf(...[33, 10, 4, 2].map(image));
  expect(await all(sortedRows(one))).toEqual([2, 4, 10, 33].flatMap(exampleRows));
  expect(await rowsHash(sortedRows(one))).toBe(await rowsHash(sortedRows(other)));
});

test("within an image rows are sorted by prompts, then target, then step, as numbers", async () => {
  const row = (prompts: string, target: number, step: number) => ({
    ...examplePrediction(1, target, 0.5),
    prompts,
    step,
  });
  const sorted = [row("1p", 9, 1), row("1p", 9, 2), row("1p", 9, 10), row("1p", 10, 1), row("box", 2, 1)];
  const file = await fileOf(imageText(1, [sorted[3]!, sorted[4]!, sorted[2]!, sorted[0]!, sorted[1]!]));
  expect(await all(sortedRows(file))).toEqual(sorted);
});

test("the hash sees every field", async () => {
  const hash = (row: Row) => rowsHash([row]);
  const row = examplePrediction(1, 2, 0.5);
  const changed: Row[] = [
    { ...row, iou: 0.5000000001 },
    { ...row, token: 3 },
    { ...row, mask: { ...row.mask, counts: "x" } },
    { ...row, prompt: { points: [] } },
  ];
  expect(new Set(await Promise.all([row, ...changed].map(hash))).size).toBe(5);
});

test("rows that could not be read back are not written", () => {
  const row = examplePrediction(1, 2, 0.5);
  expect(() => imageText(2, [row])).toThrow("a row of image 1 came with it");
  expect(() => imageText(1, [row, { ...row, iou: 0.7 }])).toThrow("two rows of prediction box miou-gtbox-argmax 2 1");
  expect(() => imageText(1, [{ ...row, iou: Number.NaN }])).toThrow("field iou");
});

test.each([40_000, 1e6])("a row with a mask of %i px squared is damaged", async (side) => {
  const row = examplePrediction(7, 1, 0.5);
  const text = imageText(7, [row]).replace(JSON.stringify(row.mask.size), `{"height":${side},"width":${side}}`);
  await expect(all(sortedRows(await fileOf(text)))).rejects.toThrow(/damaged row: .*268435456 px/);
});

test("a damaged row found while sorting names its line in the file", async () => {
  const two = imageText(2, [examplePrediction(2, 1, 0.5), examplePrediction(2, 2, 0.5)]);
  const file = await fileOf(imageText(7, [examplePrediction(7, 1, 0.5)]), two);
  const index = await indexRows(file);
  await writeFile(file, (await readFile(file, "utf8")).replace('"image":2', '"image";2'));
  await expect(all(sortedRows(file, index))).rejects.toThrow("rows.jsonl:3: damaged row: not JSON");
});
