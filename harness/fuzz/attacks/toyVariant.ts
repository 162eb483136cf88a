import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BuildContext, VariantManifest } from "../../api.ts";
import { GraphBuilder } from "../../onnx/index.ts";
import type { RegisteredVariant } from "../../plan/plugins/registry.ts";

const preset: VariantManifest = {
  id: "fuzz/toy",
  title: "Toy",
  paper: { title: "None", year: 2020 },
  size: "nano",
  lacks: [],
  notes: [],
  input: { side: 8, fit: "pad", resize: "bilinear", padValue: 0, mean: [0, 0, 0], std: [1, 1, 1] },
  mask: { path: "direct", interpolation: "bilinear", threshold: ">0" },
};

/** Writes a plug-in into this folder. Each of its two graphs is one multiplication: it is built in milliseconds. */
export function toyVariant(folder: string, calibration?: VariantManifest["calibration"]): RegisteredVariant {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "variant.ts");
  writeFileSync(file, "");
  const unused = () => Promise.reject(new Error("a toy is not loaded"));
  const own = calibration === undefined ? preset : { ...preset, calibration };
  return { preset: own, plugin: { presets: [own], build, load: unused, loadRaw: unused }, file, folder };
}

async function build({ checkpoint, out }: BuildContext): Promise<void> {
  for (const name of ["encoder", "decoder"]) {
    const graph = new GraphBuilder(name);
    const weight = graph.weight(checkpoint.take(`${name}.weight`, [8, 4]));
    graph.output("y", graph.op("MatMul", [graph.input("x", [1, 8]), weight]));
    await out.write(name, graph.finish());
  }
}
