import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { wrappedNano } from "../run/fixtures/wrappedNano.ts";
import { bench } from "./fixtures/bench.ts";

/** The exit code of `bench run` is what a script goes by: 1 where a variant has no figure because all of its images failed. */

const folder = mkdtempSync(join(tmpdir(), "exit-code-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Returns how a run on two images ends whose encoder throws in its first so many calls. */
async function exitOf(id: string, failing: number) {
  const encoded = `(x) => { if (calls++ < ${failing}) throw new RangeError("no such layer"); return x; }`;
  const plugin = wrappedNano(folder, { id, prelude: "let calls = 0;", encoded });
  const plan = `--variants ${id} --dataset shapes --prompts box --limit 2 --phase accuracy --threads 1 --json`.split(
    " ",
  );
  const { code, out, notes } = await bench(["run", ...plan, "--plugin", plugin, "--results", join(folder, id)]);
  const [run] = (
    JSON.parse(out) as { runs: { images: object; prompts: { box: object }; warnings: { text: string }[] }[] }
  ).runs;
  return { code, notes, images: run!.images, box: run!.prompts.box, warnings: run!.warnings.map(({ text }) => text) };
}

test("a run whose images all failed has no figure, says why, and exits with 1", async () => {
  const { code, images, box, warnings } = await exitOf("broken", 2);
  expect(code).toBe(1);
  expect(images).toEqual({ finished: 0, failed: 2, planned: 2 });
  expect(box).not.toHaveProperty("miou");
  expect(warnings.join()).toMatch(
    /2 of 2 images failed and are in no figure \(image 1: broken: encode failed .*no such layer/,
  );
}, 300_000);

test("a run of which one image failed exits with 0, and its JSON says how many failed", async () => {
  const { code, images, box, warnings } = await exitOf("shaky", 1);
  expect(code).toBe(0);
  expect(images).toEqual({ finished: 1, failed: 1, planned: 2 });
  expect(box).toHaveProperty("miou");
  expect(warnings.join()).toContain("1 of 2 images failed and are in no figure");
}, 300_000);
