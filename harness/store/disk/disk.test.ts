import { chmod, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HarnessError } from "../../errors.ts";
import { exampleManifest } from "../fixtures/run.ts";
import { openRun } from "../store.ts";
import { diskError, replaceFile } from "./disk.ts";

const fault = (code: string) => Object.assign(new Error(`${code}: refused`), { code });

test("what the machine refuses is said in the user's words, with what is needed", () => {
  const said = (code: string) => diskError(fault(code), "results/x/rows.jsonl");
  expect(said("ENOSPC")).toMatchObject({
    message: "results/x/rows.jsonl: the disk is full (found ENOSPC)",
    hint: expect.stringContaining("free some space"),
  });
  expect(said("EROFS")).toMatchObject({
    message: "results/x/rows.jsonl: lies on a read-only file system (found EROFS)",
    hint: expect.stringContaining("--results"),
  });
  expect(said("EACCES")).toMatchObject({ message: "results/x/rows.jsonl: permission denied (found EACCES)" });
  expect(said("EDQUOT")).toBeInstanceOf(HarnessError);
});

test("any other fault stays what it is", () => {
  const other = fault("EIO");
  expect(diskError(other, "x")).toBe(other);
});

test("a file is replaced as a whole and nothing lies beside it afterwards", async () => {
  const folder = await mkdtemp(join(tmpdir(), "disk-"));
  const path = join(folder, "manifest.json");
  await writeFile(path, "old and longer");
  // Left by a process that was killed while it wrote.
  await writeFile(`${path}.new`, "half of someth");
  await replaceFile(path, "new");
  expect(await readFile(path, "utf8")).toBe("new");
  expect(await readdir(folder)).toEqual(["manifest.json"]);
});

// Root may write everywhere.
test.skipIf(process.getuid?.() === 0)("a folder that is closed is named", async () => {
  const folder = await mkdtemp(join(tmpdir(), "disk-"));
  await chmod(folder, 0o555);
  await expect(replaceFile(join(folder, "manifest.json"), "x")).rejects.toThrow("permission denied");
});

test("a path through a file is named", async () => {
  const folder = await mkdtemp(join(tmpdir(), "disk-"));
  await writeFile(join(folder, "file"), "");
  await expect(replaceFile(join(folder, "file", "manifest.json"), "x")).rejects.toThrow("part of the path is a file");
});

// The kernel's own tree takes no folder from anyone, so that root too sees what a read-only results folder does.
test.skipIf(process.platform !== "linux")(
  "a results folder that can not be written is named, with what to do",
  async () => {
    await expect(openRun("/sys/kernel/results", exampleManifest())).rejects.toMatchObject({
      message: expect.stringMatching(
        /^\/sys\/kernel\/results\/\S+: (permission denied|lies on a read-only file system)/,
      ),
      hint: expect.stringContaining("give another one with --results"),
    });
  },
);
