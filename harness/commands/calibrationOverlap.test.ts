import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { memoryConsole } from "./fixtures/bench.ts";
import { commands } from "./index.ts";

let folder: string;
/** Three drawn scenes as photos, with coco.json. */
let data: string;
const before = process.env.SAM_BENCH_HOME;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  process.env.SAM_BENCH_HOME = join(folder, "home");
  data = join(folder, "photos");
  await said("data", { dataset: "shapes", out: data, count: 3, seed: 0 });
});
afterAll(() => {
  if (before === undefined) delete process.env.SAM_BENCH_HOME;
  else process.env.SAM_BENCH_HOME = before;
  rmSync(folder, { recursive: true });
});

test("photos that are no training photos are refused, with what may be taken instead", async () => {
  await expect(quantize({ calibration: "coco", data })).rejects.toMatchObject({
    message: expect.stringContaining(`--data ${data}: has no training photos to calibrate on (found coco.json`),
    hint: expect.stringMatching(/--calibration shapes .*--calibration-data FOLDER/),
  });
  await expect(quantize({ calibration: "coco", data, "calibration-data": data })).rejects.toThrow(
    "--data, --calibration-data: both name the photos to calibrate on",
  );
});

async function quantize(args: Readonly<Record<string, unknown>>) {
  return JSON.parse(await said("quantize", { quantized: "sam-fast", from: "sam-nano", json: true, ...args }));
}

async function said(
  name: "data" | "quantize",
  args: Parameters<Awaited<ReturnType<(typeof commands)["run"]>>["run"]>[0],
) {
  const console = memoryConsole();
  const command = await commands[name]();
  await command.run(args, console);
  return console.said.out;
}
