import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GraphFiles, VariantManifest } from "../../api.ts";
import { buildVariant } from "../../build/build.ts";
import type { PageEngine } from "../../onnx/providers/web.ts";
import { loadRegistry, variantOf } from "../../plan/plugins/registry.ts";
import { findBrowser } from "../../web/browser.ts";
import { computingHeaders } from "../../web/pageServer.ts";
import { seededCheckpoint } from "../../weights/index.ts";
import { openPage } from "./open.ts";
import { pageOutputs } from "./pageOutputs.ts";

const inBrowser = test.skipIf(findBrowser() === undefined);

let cache: string;
let preset: VariantManifest;
let graphs: GraphFiles;
beforeAll(async () => {
  cache = mkdtempSync(join(tmpdir(), "sam-bench-faults-"));
  const variant = variantOf(await loadRegistry(), "mobilesam");
  const checkpoint = seededCheckpoint();
  preset = variant.preset;
  ({ files: graphs } = await buildVariant({ variant, checkpoint, weightsId: "seeded", graph: "fused", cache }));
});
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const setup = (engine: PageEngine) => ({ preset, rules: "sam", engine, threads: 1 }) as const;

inBrowser("a page that is not isolated is told that it has no shared memory", async () => {
  const { "Cross-Origin-Embedder-Policy": _, ...headers } = computingHeaders;
  await expect(openPage(setup("wasm"), graphs, { headers })).rejects.toThrow(
    "mobilesam: load: this browser gives the page no SharedArrayBuffer, which threads need",
  );
});

inBrowser("a browser without a device for WebGPU is named", async () => {
  await expect(openPage(setup("webgpu"), graphs, { settings: ["--disable-gpu"] })).rejects.toThrow(
    "mobilesam: load: this browser gives the page no device for WebGPU",
  );
});

inBrowser("tensors that a page loads in pieces of 5 MB give the outputs of the whole file, bit for bit", async () => {
  const size = { height: 480, width: 640 };
  const pixels = Uint8Array.from({ length: 3 * size.height * size.width }, (_, i) => (i * 7919) % 251);
  const sample = { photo: { size, pixels }, boxes: [{ x0: 100, y0: 100, x1: 300, y1: 300 }] };
  const outputsOf = async (pieceBytes?: number) => {
    const page = await openPage({ ...setup("wasm"), threads: 2 }, graphs, { pieceBytes });
    try {
      return { outputs: await pageOutputs(page, sample), downloadBytes: page.link.downloadBytes };
    } finally {
      await page.link.close();
    }
  };
  const whole = await outputsOf();
  const inPieces = await outputsOf(5e6);
  expect(inPieces.outputs).toEqual(whole.outputs);
  // The tensors are aligned in their file, and nothing else is between them.
  expect(Math.abs(inPieces.downloadBytes - whole.downloadBytes)).toBeLessThan(0.05 * whole.downloadBytes);
});
