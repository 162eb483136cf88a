import type { ExternalProcess, VariantManifest } from "../../harness/api.ts";
import { mobileSamConfigs } from "../mobilesam/config.ts";
import { mobileSamPresets } from "../mobilesam/presets.ts";
import { samConfigs } from "../sam/config.ts";
import { samPresets } from "../sam/presets.ts";

/** A shipped program: `<method>/<preset>` and `<method>/<preset>/<setting>` are answered by it. */
export interface Adapter {
  readonly method: string;
  /** File in `python/`. */
  readonly script: string;
  /** Files in `python/` that the script imports; its bytes and theirs are part of a run's identity. */
  readonly imports: readonly string[];
  /** Name of what computes, such as PyTorch: it ends the row's title. */
  readonly title: string;
  readonly presets: readonly VariantManifest[];
  /** Each preset's sizes by its id, in the fields that the program reads. */
  readonly sizes: Readonly<Record<string, object>>;
  /** Last parts of an id, each a way to run the model. */
  readonly settings: readonly string[];
  readonly takes: ExternalProcess["takes"];
  /** Notes say what a reader of its row must know. */
  readonly notes: readonly string[];
}

/** Models whose reference graphs have the inputs and outputs of SAM's. */
const graphs = {
  imports: ["graph_adapter.py"],
  presets: [...samPresets, ...mobileSamPresets],
  sizes: { ...samConfigs, ...mobileSamConfigs },
  takes: "reference graphs",
} as const;

/** Each family of models has a program of its own; a new one is a script and an entry here. */
export const adapters: readonly Adapter[] = [
  {
    method: "torch",
    script: "torch_sam.py",
    imports: [],
    title: "PyTorch",
    presets: samPresets,
    sizes: samConfigs,
    settings: ["compile", "bf16"],
    takes: "weights",
    notes: ["the authors' package segment-anything, its SamPredictor as published"],
  },
  {
    ...graphs,
    method: "ort-python",
    script: "ort_graphs.py",
    title: "ONNX Runtime for Python",
    settings: [],
    notes: ["the published graph, operator for operator, in the runtime's Python package"],
  },
  {
    ...graphs,
    method: "openvino",
    script: "openvino_graphs.py",
    title: "OpenVINO",
    settings: ["bf16"],
    notes: ["the published graph, operator for operator"],
  },
];
