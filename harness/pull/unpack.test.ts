import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestEntry, zipOf } from "../weights/fixtures/zip.ts";
import { unpackZip } from "./unpack.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-unpack-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("files are written with their folders, empty ones and folders' own entries too", async () => {
  const large = Buffer.alloc(300_000, "annotations ");
  const out = await unpack([
    { name: "a/", content: "" },
    { name: "a/b/large.json", content: large },
    { name: "a/empty.txt", content: "" },
  ]);
  expect(readFileSync(join(out, "a/b/large.json")).equals(large)).toBe(true);
  expect(readFileSync(join(out, "a/empty.txt"), "utf8")).toBe("");
  expect(readdirSync(join(out, "a")).sort()).toEqual(["b", "empty.txt"]);
});

test.each(["../evil.txt", "a/../../evil.txt", "/evil.txt", "C:\\evil.txt", "a\\..\\..\\evil.txt"])(
  "a name that leaves the folder is refused and nothing is written: %s",
  async (name) => {
    await expect(unpack([{ name, content: "evil" }])).rejects.toThrow(/zip (directory|entry)/);
    expect(existsSync(join(folder, "evil.txt"))).toBe(false);
    expect(readdirSync(folder)).toEqual(["archive.zip"]);
  },
);

test("a link is refused: what follows could be written through it", async () => {
  const link = { name: "a", content: "/tmp", mode: 0o120777 };
  await expect(unpack([link, { name: "a/evil.txt", content: "evil" }])).rejects.toThrow(
    "entry a is a link or a device",
  );
});

test("two names that differ by case alone are refused", async () => {
  const entries = ["a.txt", "A.txt"].map((name) => ({ name, content: name }));
  await expect(unpack(entries)).rejects.toThrow("entry A.txt has the name of another");
});

test("an archive that claims far more than its size is refused before anything is written", async () => {
  await expect(unpack([{ name: "bomb", content: "x", claims: { bytes: 100 * 2 ** 20 } }])).rejects.toThrow(
    "claims to hold far more than its size",
  );
  expect(readdirSync(folder)).toEqual(["archive.zip"]);
});

test("an entry that is longer than it claims is stopped, one that is shorter is found", async () => {
  const content = Buffer.alloc(1_000_000);
  await expect(unpack([{ name: "long", content, claims: { bytes: 10 } }])).rejects.toThrow(
    "is longer than the archive says",
  );
  rmSync(join(folder, "out"), { recursive: true });
  await expect(unpack([{ name: "short", content: "abc", claims: { bytes: 10 } }])).rejects.toThrow("checksum");
});

test("content that is not what the checksum says is found", async () => {
  await expect(unpack([{ name: "a", content: "abc", claims: { crc: 1 } }])).rejects.toThrow(
    "entry a is not what the archive's checksum says",
  );
});

test("an archive cut at any byte is refused", async () => {
  const whole = zipOf([{ name: "a", content: "some content" }]);
  for (let length = 1; length < whole.length; length += 7) {
    writeFileSync(join(folder, "archive.zip"), whole.subarray(0, length));
    await expect(unpackFile()).rejects.toThrow(/archive\.zip/);
  }
});

async function unpack(entries: readonly TestEntry[]): Promise<string> {
  writeFileSync(join(folder, "archive.zip"), zipOf(entries));
  return unpackFile();
}

async function unpackFile(): Promise<string> {
  const out = join(folder, "out");
  await unpackZip(join(folder, "archive.zip"), out, { targetOf: (name) => name, progress: () => undefined });
  return out;
}
