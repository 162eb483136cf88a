import { mkdtemp, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readSealed, type SealedLine, writeSealed } from "./sealedLines.ts";

const newFile = async () => join(await mkdtemp(join(tmpdir(), "sealed-")), "folder", "facts-1");
const lines = new Map<string, SealedLine>([
  ["a", { state: "1:2 missing", text: '{"é":"\\t"}' }],
  ["b", { state: "3", text: "" }],
]);

test("lines are read as they were written, with the key that they were written with", async () => {
  const file = await newFile();
  await writeSealed(file, "key", lines);
  expect(await readSealed(file, "key")).toEqual(lines);
  expect(await readSealed(file, "other")).toEqual(new Map());
  expect(await readSealed(join(file, "nowhere"), "key")).toEqual(new Map());
});

test("whatever byte is changed, no line is read that was not written", async () => {
  const file = await newFile();
  await writeSealed(file, "key", lines);
  const bytes = await readFile(file);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, byte) => {
      const changed = Buffer.from(bytes);
      changed[at] = byte;
      await writeFile(file, changed);
      for (const [name, line] of await readSealed(file, "key")) expect(line).toEqual(lines.get(name));
    }),
  );
});

test("files of the newest keys stay, and what a killed process left half written goes after a day", async () => {
  const file = await newFile();
  const beside = (name: string) => join(file, "..", name);
  await writeSealed(beside("reports-1"), "key", lines);
  for (let i = 1; i <= 6; i++) {
    await writeSealed(beside(`facts-${i}`), "key", lines);
    await utimes(beside(`facts-${i}`), 1e9 + i, 1e9 + i);
  }
  for (const name of ["facts-7.x.half", "facts-8.x.half"]) await writeFile(beside(name), "half");
  await utimes(beside("facts-7.x.half"), 1e9, 1e9);
  await writeSealed(beside("facts-6"), "key", lines);
  expect((await readdir(beside("."))).sort()).toEqual([
    ...["facts-3", "facts-4", "facts-5", "facts-6", "facts-8.x.half", "reports-1"],
  ]);
});
