import { appendFile, mkdtemp, open, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Line, openLineFile, readLines } from "./lines.ts";

const newFile = async () => join(await mkdtemp(join(tmpdir(), "lines-")), "rows.jsonl");
const all = async (path: string, options = {}) => {
  const lines: Line[] = [];
  for await (const line of readLines(path, options)) lines.push(line);
  return lines;
};

test("a line says its text, its number, its bytes and whether it is whole", async () => {
  const path = await newFile();
  await writeFile(path, "aé\n\nlast");
  expect(await all(path)).toEqual([
    { text: "aé", number: 1, start: 0, end: 4, whole: true },
    { text: "", number: 2, start: 4, end: 5, whole: true },
    { text: "last", number: 3, start: 5, end: 9, whole: false },
  ]);
});

test("a part of the file is read by its offsets", async () => {
  const path = await newFile();
  await writeFile(path, "one\ntwo\nthree\n");
  expect((await all(path, { start: 4, end: 8 })).map(({ text }) => text)).toEqual(["two"]);
  expect(await all(path, { end: 0 })).toEqual([]);
});

test("a file that is not there has no lines", async () => {
  expect(await all(await newFile())).toEqual([]);
});

test("lines longer than what is read at once, and characters across its border, stay whole", async () => {
  const path = await newFile();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(300_000), { maxLength: 4 }), async (lengths) => {
      const lines = lengths.map((length) => `x${"é".repeat(length)}`);
      await writeFile(path, lines.map((line) => `${line}\n`).join(""));
      expect((await all(path)).map(({ text }) => text)).toEqual(lines);
    }),
    { numRuns: 20 },
  );
});

test("a line without end does not fill the memory", async () => {
  const path = await newFile();
  await writeFile(path, "x".repeat(100_000));
  await expect(all(path, { longestLine: 1000 })).rejects.toThrow("rows.jsonl:1: the line does not end");
});

test("opening cuts off what lies behind the end", async () => {
  const path = await newFile();
  await writeFile(path, "whole\ntor");
  const file = await openLineFile(path, { end: 6 });
  await file.append("next\n");
  await file.close();
  expect(await readFile(path, "utf8")).toBe("whole\nnext\n");
});

test("a full disk leaves the file as it was, names the file and says what is needed; after that it goes on", async () => {
  const path = await newFile();
  let room = 8;
  const file = await openLineFile(path, { end: 0, open: (name, flags) => disk(name, flags, () => room) });
  await file.append("first\n");
  await expect(file.append("second\n")).rejects.toMatchObject({
    name: "HarnessError",
    message: `${path}: the disk is full (found ENOSPC)`,
    hint: expect.stringContaining("free some space"),
  });
  expect(await readFile(path, "utf8")).toBe("first\n");
  room = 100;
  await file.append("second\n");
  await file.close();
  expect(await readFile(path, "utf8")).toBe("first\nsecond\n");
});

test("a disk that breaks in the middle and can not even be cut is mended by the next append", async () => {
  const path = await newFile();
  let room = 8;
  const file = await openLineFile(path, {
    end: 0,
    open: async (name, flags) => {
      const real = await disk(name, flags, () => room);
      const truncate = (length?: number) =>
        room < 100 && length !== 0 ? Promise.reject(new Error("no")) : real.truncate(length);
      return { ...real, truncate };
    },
  });
  await file.append("first\n");
  await expect(file.append("second\n")).rejects.toThrow("the disk is full");
  expect(await readFile(path, "utf8")).toBe("first\nse");
  room = 100;
  await file.append("third\n");
  await file.close();
  expect(await readFile(path, "utf8")).toBe("first\nthird\n");
});

test("lines are forced to disk once a second and on closing", async () => {
  const path = await newFile();
  let now = 0;
  let syncs = 0;
  const file = await openLineFile(path, {
    end: 0,
    nowMs: () => now,
    open: async (name, flags) => {
      const real = await disk(name, flags, () => 1000);
      return { ...real, datasync: async () => void syncs++ };
    },
  });
  for (now of [0, 400, 800, 1200, 1600, 2300]) await file.append("x\n");
  expect(syncs).toBe(2);
  await file.close();
  expect(syncs).toBe(3);
});

test("clearing leaves an empty file that grows again", async () => {
  const path = await newFile();
  await appendFile(path, "old\n");
  const file = await openLineFile(path, { end: 4 });
  await file.clear();
  await file.append("new\n");
  expect(file.end).toBe(4);
  await file.close();
  expect(await readFile(path, "utf8")).toBe("new\n");
});

/**
 * Opens a real file on a disk that has room for so many bytes: a write that does not fit is cut, the next one fails,
 * as write(2) does.
 */
async function disk(path: string, flags: string, room: () => number) {
  const file = await open(path, flags);
  return {
    write: (async (bytes: Buffer, offset: number, length: number, position: number) => {
      const fits = Math.min(length, room() - position);
      if (fits <= 0) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      return file.write(bytes, offset, fits, position);
    }) as typeof file.write,
    truncate: (length?: number) => file.truncate(length),
    datasync: () => file.datasync(),
    close: () => file.close(),
  };
}
