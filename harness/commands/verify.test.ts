import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { memoryConsole } from "./fixtures/bench.ts";
import { verify } from "./verify.ts";

const fixture = fileURLToPath(new URL("../../variants/sam/fixtures/sam_nano.json", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a variant whose plug-in has no loadRaw can not be verified, and nothing is built for it", async () => {
  const file = join(folder, "mine.mjs");
  const preset = {
    id: "mine",
    title: "Mine",
    paper: { title: "A paper" },
    size: "nano",
    lacks: [],
    notes: [],
    input: { side: 256, fit: "pad", resize: "bilinear", padValue: 0, mean: [0, 0, 0], std: [1, 1, 1] },
    mask: { path: "direct", interpolation: "bilinear", threshold: ">0" },
  };
  writeFileSync(
    file,
    `const no = async () => { throw new Error("called"); };
export default { presets: [${JSON.stringify(preset)}], build: no, load: no };`,
  );
  const how = { graph: "fused", provider: "cpu", tolerance: 2e-4, threads: 1, plugin: [file] };
  await expect(verify.run({ variant: "mine", fixture, ...how }, memoryConsole())).rejects.toMatchObject({
    name: "HarnessError",
    message: `mine: its outputs can not be compared with reference values (found no loadRaw in ${file})`,
    hint: expect.stringContaining("variants/efficientsam/load.ts shows one"),
  });
});
