import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bench } from "../../harness/commands/fixtures/bench.ts";
import { endlessLoop, modelOf } from "../../harness/onnx/fixtures/endlessLoop.ts";
import { readSignature, writeGraph } from "../../harness/onnx/index.ts";
import { openCheckpoint } from "../../harness/weights/index.ts";
import { samConfigs } from "../sam/config.ts";
import { officialDecoder, plainEncoder } from "./fixtures/graphs/officialSam.ts";

let folder: string;
let files: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-endless-"));
  const trained = await openCheckpoint(fileURLToPath(new URL("../sam/sam-nano.safetensors", import.meta.url)));
  const nano = samConfigs["sam-nano"];
  const { inputs, outputs } = readSignature(writeGraph(plainEncoder(nano, trained, "images", "embeddings"), folder));
  const value = ([given]: typeof inputs) => ({ name: given!.name, dims: (given!.dims ?? []).map(Number) });
  const encoder = join(folder, "endless.onnx");
  writeFileSync(encoder, modelOf(endlessLoop({ input: value(inputs), output: value(outputs) })));
  files = `${encoder},${writeGraph(officialDecoder(nano, trained), folder)}`;
  trained.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

test("an encoder that never ends is given up after three calls of --image-timeout, and the command exits with 3 and says so", async () => {
  const plan =
    "--variants endless --dataset shapes --prompts 1p --limit 2 --phase accuracy --threads 1 --image-timeout 5".split(
      " ",
    );
  const results = ["--results", join(folder, "results")];
  const given = ["--variant-files", `endless=${files}`, "--notes", ...results];
  const { code, out, notes } = await bench(["run", ...plan, ...given]);
  expect(notes).toContain(
    "endless: given up, its worker process ended 3 times (no answer in 5 s); the last image was 2",
  );
  expect(out).toMatch(/failed after 1 of 2 images/);
  expect(code).toBe(3);
}, 300_000);
