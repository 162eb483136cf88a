import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Checkpoint, GraphKind, OnnxGraph, VariantManifest, VariantPlugin } from "../../harness/api.ts";
import { openWeights } from "../../harness/build/weights/openedWeights.ts";
import { differenceOf } from "../../harness/onnx/fixtures/difference.ts";
import { structureHash, writeGraph } from "../../harness/onnx/index.ts";
import { loadRegistry, variantOf } from "../../harness/plan/plugins/registry.ts";
import {
  isBuffer,
  seededCheckpoint,
  seededTensor,
  shapesTaken,
  type TensorShapes,
  writeSeededFile,
} from "../../harness/weights/index.ts";
import { fittingVariantsOf, parametersOf, publishedShapes } from "../fixtures/trial.ts";
import mobilesam from "../mobilesam/variant.ts";
import tinysam from "./variant.ts";

const plugin: VariantPlugin = tinysam;
const kinds: readonly GraphKind[] = ["fused", "reference"];
const registry = await loadRegistry();
const published = publishedShapes(fileURLToPath(new URL("fixtures/tinysam.json", import.meta.url)));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a file with the published names", () => {
  let file: string;
  beforeAll(() => {
    file = write("tinysam_42.3", published);
  });

  test("fits tinysam and mobilesam, whose names and shapes are the same", async () => {
    expect(await fittingVariantsOf(file)).toEqual(["mobilesam", "tinysam"]);
  });

  test("is refused as another variant, with the names of those that it fits", async () => {
    for (const id of ["sam-vit-b", "slimsam-77", "tinysam-nano"])
      expect(await hintOf(id, file)).toBe("this is a checkpoint of mobilesam or tinysam");
  });

  test("is refused with one weight more than it should have", async () => {
    expect(await fittingVariantsOf(write("more", new Map([...published, ["image_encoder.extra", [2]]])))).toEqual([]);
  });
});

test.each(kinds)(
  "parameters are the published 10.13 M, the classifier among them and buffers left out, %s",
  async (kind) => {
    const trained = [...published].filter(([name]) => !isBuffer(name));
    const inFile = trained.reduce((sum, [, dims]) => sum + dims.reduce((product, dim) => product * dim, 1), 0);
    expect(inFile).toBe(10_130_092);
    expect(parametersOf(await graphsOf(plugin, "tinysam", kind))).toBe(inFile);
  },
);

test.each(kinds)("its graphs are MobileSAM's, %s", async (kind) => {
  const own = await graphsOf(plugin, "tinysam", kind);
  expect(own.map(structureHash)).toEqual((await graphsOf(mobilesam, "mobilesam", kind)).map(structureHash));
});

test("tinysam-nano gives the same embedding and the logits of four tokens in both graphs", async () => {
  const dims = [1, 3, 256, 256];
  const tensor = { dims, data: seededTensor("input.pos_embed", dims).map((value) => 4 * value) };
  const size = { height: 256, width: 256 };
  const geometry = { image: size, resized: size, offset: { x: 0, y: 0 }, frame: size };
  const [fused, reference] = await Promise.all(
    kinds.map(async (kind) => {
      const place = mkdtempSync(join(folder, `${kind}-`));
      const graphs = await graphsOf(plugin, "tinysam-nano", kind);
      const files = Object.fromEntries(graphs.map((graph) => [graph.name, writeGraph(graph, place)]));
      const variant = await plugin.load(files, { provider: "cpu", threads: 2 }, preset(plugin, "tinysam-nano"));
      const embedding = await variant.encode({ tensor, geometry });
      const box = { x0: 30, y0: 60, x1: 200, y1: 250 };
      const [prediction] = await variant.decode(embedding, [{ frame: "model", points: [], box }]);
      await variant.close();
      if (prediction?.kind !== "logits") throw new Error("logits expected");
      return { embedding: embedding.tensor, logits: prediction.lowResLogits };
    }),
  );
  expect(fused!.logits.dims).toEqual([4, 64, 64]);
  expect(differenceOf(fused!.embedding, reference!.embedding)).toBeLessThan(1e-5);
  expect(differenceOf(fused!.logits, reference!.logits)).toBeLessThan(1e-5);
});

test("a file of tinysam-nano fits it alone, and no other nano preset's file fits it", async () => {
  const shapes = await shapesTaken((checkpoint) => graphsOf(plugin, "tinysam-nano", "fused", checkpoint));
  expect(await fittingVariantsOf(write("nano", shapes))).toEqual(["tinysam-nano"]);
  const other = fileURLToPath(new URL("../mobilesam/mobilesam-nano.safetensors", import.meta.url));
  expect(await fittingVariantsOf(other)).toEqual(["mobilesam-nano"]);
});

test("a reader of a table is told that the authors never use token 0", () => {
  for (const { notes } of plugin.presets) expect(notes.join()).toContain("never uses token 0");
});

test("a side that is no multiple of what its encoder needs is refused", async () => {
  const out = { write: async () => undefined };
  const context = { preset: preset(plugin, "tinysam"), checkpoint: seededCheckpoint(), graph: "fused" as const, out };
  await expect(plugin.build({ ...context, side: 1000 })).rejects.toThrow(
    "tinysam: no side that its encoder takes (found 1000 px, expected a multiple of",
  );
});

function preset({ presets }: VariantPlugin, id: string): VariantManifest {
  return presets.find((each) => each.id === id)!;
}

async function graphsOf(
  of: VariantPlugin,
  id: string,
  graph: GraphKind,
  checkpoint: Checkpoint = seededCheckpoint(),
): Promise<OnnxGraph[]> {
  const graphs: OnnxGraph[] = [];
  const write = async (name: string, built: OnnxGraph) => void graphs.push({ ...built, name });
  await of.build({ preset: preset(of, id), checkpoint, graph, out: { write } });
  return graphs;
}

/** Writes a file of seeded values. */
function write(name: string, shapes: TensorShapes): string {
  const file = join(folder, `${name}.safetensors`);
  writeSeededFile(file, shapes);
  return file;
}

/** Returns the hint that a user gets who gives a variant this file. */
async function hintOf(id: string, file: string): Promise<unknown> {
  const opened = openWeights({ variant: variantOf(registry, id), weights: { source: "checkpoint", file } }, registry);
  return opened.then(
    () => "it was taken",
    (reason: { readonly hint?: string }) => reason.hint,
  );
}
