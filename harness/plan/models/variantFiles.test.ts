import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GraphSignature, VariantManifest, VariantPlugin } from "../../api.ts";
import { GraphBuilder, writeGraph } from "../../onnx/index.ts";
import type { Registry } from "../plugins/registry.ts";
import { variantFilesOf, withVariantFiles } from "./variantFiles.ts";

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  const graph = new GraphBuilder("encoder");
  graph.output("y", graph.op("Relu", [graph.input("x", [1])]));
  file = writeGraph(graph.finish(), folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A plug-in that takes the files of one name alone, as layouts of its own. */
function taking(name: string) {
  const recognise = async (id: string, [encoder]: readonly GraphSignature[]) => {
    if (id !== name) return undefined;
    return { preset: { id } as VariantManifest, files: { encoder: encoder!.file } };
  };
  const plugin = { presets: [], recognise } as Partial<VariantPlugin> as VariantPlugin;
  return { plugin, file: join(folder, name, "variant.ts"), folder: join(folder, name) };
}

function registryOf(...names: string[]): Registry {
  return {
    variants: new Map(),
    datasets: new Map(),
    datasetFiles: new Map(),
    protocols: [],
    metrics: [],
    methods: names.map(taking),
  };
}

test("files go to the plug-in that knows them, and a worker that has one plug-in is told its own files alone", async () => {
  const pieces = [`a=${file},${file}`, `b=${file}`];
  const { variants } = await withVariantFiles(registryOf("a", "b"), pieces);
  expect([...variants].map(([id, { folder: of }]) => [id, of])).toEqual([
    ["a", join(folder, "a")],
    ["b", join(folder, "b")],
  ]);
  await expect(withVariantFiles(registryOf("b"), pieces)).rejects.toThrow("no plug-in takes ONNX files");
  expect(variantFilesOf("a", pieces)).toEqual([`a=${file},${file}`]);
  const ofWorker = await withVariantFiles(registryOf("b"), variantFilesOf("b", pieces));
  expect([...ofWorker.variants.keys()]).toEqual(["b"]);
});

test("--onnx-names of a value that no file has is refused, with those that they have", async () => {
  const hints = { names: { z: "iou_predictions" } };
  await expect(withVariantFiles(registryOf("a"), [`a=${file}`], hints)).rejects.toThrow(
    "--onnx-names iou_predictions=z: no file has a value of that name (found x, y)",
  );
});
