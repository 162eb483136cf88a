import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { sha256 } from "../store/canonical.ts";
import { sha256OfFile } from "../store/disk/fileCache.ts";
import { writeUnpackedList } from "../store/pulled/pulledFiles.ts";
import { pullRecordFile } from "../store/pulled/pullRecord.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { commands } from "./index.ts";

/** Two drawn scenes as photos with a coco.json, recorded as if they had come in an archive. */

let folder: string;
let data: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pulled-data-"));
  const home = join(folder, "home");
  vi.stubEnv("SAM_BENCH_HOME", home);
  data = join(home, "datasets", "scenes");
  await said("data", { dataset: "shapes", out: data, count: 2, seed: 0 });
  const names = ["coco.json", ...readdirSync(join(data, "images")).map((name) => join("images", name))];
  const unpacked = [];
  for (const name of names)
    unpacked.push({ path: join("datasets", "scenes", name), sha256: await sha256OfFile(join(data, name)) });
  mkdirSync(join(home, "pulled"));
  const record = {
    id: "scenes",
    url: "https://example.org/scenes.zip",
    trust: "published",
    pulledAt: "2024-05-01T12:00:00.000Z",
    bytes: 1,
    sha256: sha256("archive"),
    listSha256: await writeUnpackedList(home, "scenes", unpacked),
  };
  const places = ["coco.json", "images"].map((name) => ({ path: join("datasets", "scenes", name), bytes: 1 }));
  writeFileSync(pullRecordFile(home, "scenes"), JSON.stringify({ ...record, places }));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test("a pulled photo with one byte flipped is a failure that says so, and is run when it is as it came", async () => {
  const photo = join(data, "images", readdirSync(join(data, "images"))[0]!);
  const whole = readFileSync(photo);
  flip(photo, whole.length >> 1);
  const [first] = JSON.parse(await run()).runs;
  expect(first.images).toEqual({ finished: 1, failed: 1, planned: 2 });
  expect(first.warnings[0].text).toMatch(/image 1: .*\.jpg: is not the file that was pulled .*bench pull scenes/);
  writeFileSync(photo, whole);
  const [second] = JSON.parse(await run()).runs;
  expect([second.id, second.images]).toEqual([first.id, { finished: 2, failed: 0, planned: 2 }]);
});

test("a pulled annotation file with one byte flipped is refused before anything is measured", async () => {
  const file = join(data, "coco.json");
  // The last digit of a number: the JSON stays whole, and so does every field.
  const at = readFileSync(file, "latin1").search(/\d[,\]]/);
  expect(at).toBeGreaterThan(0);
  flip(file, at);
  await expect(run()).rejects.toMatchObject({
    message: expect.stringContaining(`${file}: is not the file that was pulled (found sha256`),
    hint: "bench pull scenes brings it anew; a file of your own is given by --data",
  });
});

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at]! ^= 1;
  writeFileSync(file, bytes);
}

function run(): Promise<string> {
  const plan = { variants: "sam-nano", dataset: "coco", data, prompts: "box", phase: "accuracy", threads: 1 };
  return said("run", { ...plan, baseline: false, results: join(folder, "results"), json: true });
}

async function said(name: "data" | "run", args: Readonly<Record<string, unknown>>): Promise<string> {
  const console = memoryConsole();
  const command = await commands[name]();
  await command.run(args, console);
  return console.said.out;
}
