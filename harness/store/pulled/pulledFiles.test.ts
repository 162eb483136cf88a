import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sha256 } from "../canonical.ts";
import { requireAsPulled, unpackedListFile, writeUnpackedList } from "./pulledFiles.ts";
import { pullRecordFile } from "./pullRecord.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "pulled-files-"));
  vi.stubEnv("SAM_BENCH_HOME", home);
  await mkdir(join(home, "pulled"));
  await write("datasets/set/annotations/instances.json", "{}");
  await write("datasets/set/val/1.jpg", "one");
  await write("datasets/set/boxes.json", "[]");
  const unpacked = [
    { path: "datasets/set/annotations/instances.json", sha256: sha256("{}") },
    { path: "datasets/set/val/1.jpg", sha256: sha256("one") },
  ];
  const places = ["annotations", "val"].map((name) => ({ path: `datasets/set/${name}`, bytes: 3 }));
  await record("set", { places, listSha256: await writeUnpackedList(home, "set", unpacked) });
  await record("boxes", { bytes: 2, sha256: sha256("[]"), places: [{ path: "datasets/set/boxes.json", bytes: 2 }] });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(home, path)), { recursive: true });
  await writeFile(join(home, path), text);
}

const whole = {
  url: "https://example.org/set.zip",
  bytes: 99,
  sha256: sha256("archive"),
  trust: "published",
  pulledAt: "2024-05-01T12:00:00.000Z",
};

async function record(id: string, fields: object): Promise<void> {
  await writeFile(pullRecordFile(home, id), JSON.stringify({ ...whole, id, ...fields }));
}

const check = (path: string) => requireAsPulled({ home, file: join(home, path), flag: "--data" });

test("files that are as they came are taken, out of an archive and as they were downloaded", async () => {
  for (const path of ["annotations/instances.json", "val/1.jpg", "boxes.json"]) await check(`datasets/set/${path}`);
});

test.each([
  ["an annotation file out of an archive", "annotations/instances.json", "set", "{}"],
  ["a photo out of an archive", "val/1.jpg", "set", "one"],
  ["a file that was no archive", "boxes.json", "boxes", "[]"],
])(
  "another byte is refused with both hashes and the command that brings the file anew: %s",
  async (_, name, id, came) => {
    const path = `datasets/set/${name}`;
    const other = came.replace(/./, "#");
    await write(path, other);
    await expect(check(path)).rejects.toMatchObject({
      message: `${join(home, path)}: is not the file that was pulled (found sha256 ${sha256(other)}, expected sha256 ${sha256(came)})`,
      hint: `bench pull ${id} brings it anew; a file of your own is given by --data`,
    });
  },
);

test("a data set that was moved to another disk, with a link in its place, is checked all the same", async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), "pulled-files-elsewhere-"));
  await rename(join(home, "datasets"), join(elsewhere, "datasets"));
  await symlink(join(elsewhere, "datasets"), join(home, "datasets"));
  await check("datasets/set/val/1.jpg");
  await writeFile(join(elsewhere, "datasets/set/val/1.jpg"), "two");
  await expect(check("datasets/set/val/1.jpg")).rejects.toThrow("is not the file that was pulled");
  await rm(elsewhere, { recursive: true });
});

test("nothing is said of the user's own files, beside pulled ones too", async () => {
  await write("datasets/set/val/own.jpg", "own");
  await check("datasets/set/val/own.jpg");
  const own = join(await mkdtemp(join(tmpdir(), "pulled-files-own-")), "1.jpg");
  await writeFile(own, "own");
  await writeFile(pullRecordFile(home, "broken"), "{");
  await requireAsPulled({ home, file: own, flag: "--data" });
  await expect(check("datasets/set/val/own.jpg")).rejects.toThrow("broken.json: damaged record of a download");
});

test("a list that is not the one that was written is refused", async () => {
  const list = unpackedListFile(home, "set");
  await write("datasets/set/val/1.jpg", "two");
  await writeUnpackedList(home, "set", [{ path: "datasets/set/val/1.jpg", sha256: sha256("two") }]);
  // A process that has read the list caches it by its hash, so the record is given one that none has read.
  await record("set", { places: [{ path: "datasets/set/val", bytes: 3 }], listSha256: sha256("unread") });
  await expect(check("datasets/set/val/1.jpg")).rejects.toMatchObject({
    message: `${list}: damaged list of what was pulled`,
    hint: "bench pull set brings it anew",
  });
});
