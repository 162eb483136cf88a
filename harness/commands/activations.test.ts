import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LayerActivations } from "../build/activations.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { inspect } from "./inspect.ts";

const file = join(import.meta.dirname, "..", "..", "variants", "sam", "sam-nano.safetensors");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("each layer of the encoder has its range and histogram, and a chart of them", async () => {
  const chart = join(folder, "ranges.vl.json");
  const out = await looked({ json: true, chart });
  const { layers } = JSON.parse(out) as { layers: readonly LayerActivations[] };
  expect(layers.map(({ layer }) => layer)).toContain("image_encoder.blocks.5.mlp.lin2.weight");
  for (const { min, low, high, max, histogram } of layers) {
    expect(min).toBeLessThanOrEqual(low);
    expect(low).toBeLessThan(high);
    expect(high).toBeLessThanOrEqual(max);
    expect(histogram.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
  }
  // GELU reaches down to -0.17 and no further.
  const { min } = layers.find(({ layer }) => layer.endsWith("0.mlp.lin2.weight"))!;
  expect(min).toBeGreaterThan(-0.171);
  expect(min).toBeLessThan(-0.16);
  const spec = JSON.parse(readFileSync(chart, "utf8")) as { data: { values: readonly unknown[] } };
  expect(spec.data.values).toHaveLength(layers.length);
});

test("the table names each layer, and the drawing is SVG", async () => {
  const chart = join(folder, "ranges.svg");
  const out = await looked({ chart });
  expect(out).toMatch(/image_encoder\.blocks\.0\.mlp\.lin1\.weight +-?[\d.e-]+ .*█/);
  expect(readFileSync(chart, "utf8")).toMatch(/^<svg.*Activations of sam-nano/s);
});

test("no images are nothing to look at", async () => {
  await expect(looked({ images: 0 })).rejects.toThrow("--images: no images to look at (found 0, expected at least 1)");
});

async function looked(args: Readonly<Record<string, unknown>>): Promise<string> {
  const console = memoryConsole();
  expect(await inspect.run({ file, activations: true, images: 1, ...args }, console)).toBe(0);
  return console.said.out;
}
