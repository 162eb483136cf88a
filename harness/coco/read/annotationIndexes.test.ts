import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, test, vi } from "vitest";
import { walkJson } from "../json/json.ts";
import type { AnnotationFile } from "./annotationFile.ts";
import { AnnotationIndexes } from "./annotationIndexes.ts";
import { readAnnotations } from "./annotations.ts";

vi.mock("../json/json.ts", { spy: true });
const parse = vi.mocked(walkJson);
beforeEach(() => {
  parse.mockClear();
});

const here = dirname(fileURLToPath(import.meta.url));

const square = (id: number, image: number, x: number) => ({
  id,
  image_id: image,
  category_id: 3,
  area: 4,
  bbox: [x, 1, 2, 2],
  segmentation: [[x, 1, x + 2, 1, x + 2, 3, x, 3]] as unknown,
});
const rle = { ...square(9, 2, 0), iscrowd: 1, segmentation: { size: [4, 6], counts: "5220;" } };
const instances = {
  images: [
    { id: 2, file_name: "b.jpg", height: 4, width: 6, coco_url: "http://images/val2017/b.jpg" },
    { id: 1, file_name: "a ü.jpg", height: 4, width: 6 },
    { id: 5, file_name: "none.jpg", height: 4, width: 6 },
  ],
  // Not by image, as COCO's are not.
  annotations: [square(7, 1, 1), rle, square(8, 1, 3), { ...square(6, 2, 0), ignore: 1 }] as unknown[],
  categories: [{ id: 3, name: "cup" }],
};
const federated = {
  ...instances,
  images: instances.images.map((image) => ({ ...image, neg_category_ids: [3], not_exhaustive_category_ids: [] })),
};

interface Place {
  readonly file: string;
  readonly cache: string;
}

function place(content: unknown): Place {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-indexes-"));
  const file = join(folder, "instances.json");
  writeFileSync(file, JSON.stringify(content));
  return { file, cache: join(folder, "cache", "annotations") };
}

async function open({ file, cache }: Place, notice: (text: string) => void = unexpected): Promise<AnnotationFile> {
  return new AnnotationIndexes(cache, notice).open(file);
}

function unexpected(text: string): void {
  throw new Error(`a notice: ${text}`);
}

const indexOf = ({ cache }: Place) => join(cache, readdirSync(cache)[0]!);

/** All that a reader can ask for, masks decoded. */
function contentOf({ annotationsOf, listsOf, ...file }: AnnotationFile) {
  return {
    ...file,
    annotations: [...file.images, { id: 99 }].map(({ id }) => annotationsOf(id).map((each) => ({ ...each }))),
    lists: listsOf && file.images.map(({ id }) => listsOf(id)),
  };
}

test.each([
  ["COCO", instances],
  ["LVIS", federated],
])("an index gives what reading the whole file gives: %s", async (_, content) => {
  const files = place({
    ...content,
    annotations: [...content.annotations, { ...square(10, 1, 0), category_id: 4 }, square(7, 1, 0), "no object"],
  });
  const read = contentOf(await readAnnotations(files.file));
  expect(read.annotations.map((own) => own.map(({ id }) => id))).toEqual([[9, 6], [7, 8], [], []]);
  expect(read.warnings).toHaveLength(3);
  expect(contentOf(await open(files))).toEqual(read);
  expect(contentOf(await open(files))).toEqual(read);
});

test("the second opening reads the index and does not parse the file", async () => {
  const files = place(instances);
  await open(files);
  expect(parse).toHaveBeenCalledTimes(1);
  const again = await open(files);
  expect(parse).toHaveBeenCalledTimes(1);
  expect(again.annotationsOf(2).map(({ id }) => id)).toEqual([9, 6]);
});

test("images are selected from an index as from the file", async () => {
  const files = place(instances);
  for (let times = 0; times < 2; times++) {
    const annotations = await new AnnotationIndexes(files.cache, unexpected).open(files.file, {
      select: (images) => images.filter(({ id }) => id === 1),
    });
    expect(annotations.images.map(({ id }) => id)).toEqual([1]);
    expect(annotations.annotationsOf(1).map(({ id }) => id)).toEqual([7, 8]);
    expect(annotations.annotationsOf(2)).toEqual([]);
  }
});

test("a changed file has another index, even where its size and its time stay", async () => {
  const files = place(instances);
  const { atime, mtime } = statSync(files.file);
  await open(files);
  const moved = { ...instances, annotations: [square(3, 1, 1), rle, square(4, 1, 3), square(5, 2, 0)] };
  const text = JSON.stringify(moved);
  writeFileSync(files.file, text.padEnd(JSON.stringify(instances).length));
  utimesSync(files.file, atime, mtime);
  const changed = await open(files);
  expect(changed.annotationsOf(1).map(({ id }) => id)).toEqual([3, 4]);
  expect(readdirSync(files.cache)).toHaveLength(2);
});

test("the same bytes under another name share an index, and warnings name the file that was opened", async () => {
  const files = place({ ...instances, annotations: [...instances.annotations, square(7, 1, 0)] });
  await open(files);
  const copy = join(dirname(files.file), "copy.json");
  writeFileSync(copy, readFileSync(files.file));
  const opened = await open({ ...files, file: copy });
  expect(parse).toHaveBeenCalledTimes(1);
  expect(opened.file).toBe(copy);
  expect(opened.warnings[0]).toMatch(/copy\.json: 1 of 5 annotations left out: duplicate id/);
});

test.each([
  ["a byte is another", (bytes: Buffer) => Buffer.from(bytes).fill(7, bytes.length - 3)],
  ["the end is missing", (bytes: Buffer) => bytes.subarray(0, bytes.length - 5)],
  ["it is empty", () => Buffer.alloc(0)],
  ["it is something else", () => Buffer.from("not an index\n")],
])("a damaged index is made anew and the user is told: %s", async (_, damage) => {
  const files = place(instances);
  const whole = contentOf(await open(files));
  const index = indexOf(files);
  const bytes = readFileSync(index);
  writeFileSync(index, damage(bytes));
  const notices: string[] = [];
  expect(contentOf(await open(files, (text) => notices.push(text)))).toEqual(whole);
  expect(notices).toEqual([`${index}: the index of ${files.file} is damaged and is made anew`]);
  expect(readFileSync(index)).toEqual(bytes);
  expect(parse).toHaveBeenCalledTimes(2);
});

test("an index with one bit flipped, wherever, is made anew and gives what the file holds", async () => {
  const files = place(instances);
  const whole = contentOf(await open(files));
  const index = indexOf(files);
  const bytes = readFileSync(index);
  let opened = 1;
  for (let at = 0; at < bytes.length; at += 29) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1 << (at % 8);
    writeFileSync(index, flipped);
    expect(contentOf(await open(files, () => undefined))).toEqual(whole);
    expect(readFileSync(index)).toEqual(bytes);
    opened += 1;
  }
  expect(opened).toBeGreaterThan(10);
  expect(parse).toHaveBeenCalledTimes(opened);
});

test("an index of another version is made anew without a word", async () => {
  const files = place(instances);
  await open(files);
  const index = indexOf(files);
  const bytes = readFileSync(index);
  writeFileSync(index, bytes.toString("latin1").replace(/^(\D+)\d+/, "$19999"), "latin1");
  await open(files);
  expect(readFileSync(index)).toEqual(bytes);
});

test("two processes at once both get the annotations, and one whole index stays", async () => {
  const files = place(instances);
  const answers = await Promise.all(
    [0, 1].map(async () => {
      const command = ["--import", "tsx", join(here, "..", "fixtures", "indexer.ts"), files.cache, files.file];
      const child = spawn(process.execPath, command, { cwd: here, stdio: ["ignore", "pipe", "inherit"] });
      const pieces: Buffer[] = [];
      child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
      const [code] = (await once(child, "close")) as [number];
      return [code, JSON.parse(Buffer.concat(pieces).toString())] as const;
    }),
  );
  const expected = { ids: [[9, 6], [7, 8], []], notices: [] };
  expect(answers).toEqual([
    [0, expected],
    [0, expected],
  ]);
  expect(readdirSync(files.cache)).toHaveLength(1);
  await open(files);
  expect(parse).not.toHaveBeenCalled();
});

test("a file that is written into while it is open is not read any further", async () => {
  const files = place(instances);
  const opened = await open(files);
  expect(opened.annotationsOf(1)).toHaveLength(2);
  writeFileSync(files.file, JSON.stringify(instances).padEnd(5000));
  expect(opened.annotationsOf(1)).toHaveLength(2); // kept from the last call
  expect(() => opened.annotationsOf(2)).toThrow(/instances\.json: was changed while it was read/);
});

test("another file under the same name leaves what is open as it was", async () => {
  const files = place(instances);
  const opened = await open(files);
  const other = `${files.file}.new`;
  writeFileSync(other, "{}");
  renameSync(other, files.file);
  expect(opened.annotationsOf(2).map(({ id }) => id)).toEqual([9, 6]);
});

test("where the cache can not be written the file is read all the same, with a word", async () => {
  const files = place(instances);
  const blocked = join(dirname(files.file), "blocked");
  writeFileSync(blocked, "a file");
  const notices: string[] = [];
  const opened = await open({ file: files.file, cache: join(blocked, "annotations") }, (text) => notices.push(text));
  expect(opened.annotationsOf(1).map(({ id }) => id)).toEqual([7, 8]);
  expect(notices).toEqual([expect.stringMatching(/the index can not be kept and is made anew each time \(E/)]);
});

test("broken JSON is the user's to mend and leaves no index", async () => {
  const files = place(instances);
  writeFileSync(files.file, '{"images": [{"id": 1');
  await expect(open(files)).rejects.toThrow(/broken JSON/);
  expect(() => readdirSync(files.cache)).toThrow(/ENOENT/);
});
