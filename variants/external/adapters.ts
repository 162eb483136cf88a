import type { ExternalProcess, VariantManifest } from "../../harness/api.ts";
import { efficientSamConfigs } from "../efficientsam/config.ts";
import { efficientSamPresets } from "../efficientsam/presets.ts";
import { fastSamConfigs } from "../fastsam/config.ts";
import { fastSamPresets } from "../fastsam/presets.ts";
import { mobileSamConfigs } from "../mobilesam/config.ts";
import { mobileSamPresets } from "../mobilesam/presets.ts";
import { samConfigs } from "../sam/config.ts";
import { samPresets } from "../sam/presets.ts";
import { configOf as sam2ConfigOf } from "../sam2/config.ts";
import { sam2Presets as allSam2Presets } from "../sam2/presets.ts";

/** A shipped program: `<method>/<preset>` and `<method>/<preset>/<setting>` are answered by it. */
export interface Adapter {
  readonly method: string;
  /** File in `python/`. */
  readonly script: string;
  /** Files in `python/` that the script imports; its bytes and theirs are part of a run's identity. */
  readonly imports: readonly string[];
  /** Distributions without which the script does not start: those that its class lists. */
  readonly packages: readonly string[];
  /** Name of what computes, such as PyTorch: it ends the row's title. */
  readonly title: string;
  readonly presets: readonly VariantManifest[];
  /** Each preset's sizes by its id, in the fields that the program reads. */
  readonly sizes: Readonly<Record<string, object>>;
  /** Last parts of an id, each a way to run the model. */
  readonly settings: readonly string[];
  /** Settings that other programs of the method have and this one can not, each with its reason. */
  readonly refuses: Readonly<Record<string, string>>;
  readonly takes: ExternalProcess["takes"];
  /** Notes say what a reader of its row must know. */
  readonly notes: readonly string[];
}

/** SAM2ImagePredictor chooses its single mask by stability, so a preset whose single mask is token 0 is not among them. */
const sam2Presets = allSam2Presets.filter(({ base }) => base === undefined);

/** Models whose reference graphs have the inputs and outputs of SAM's. */
const graphs = {
  imports: ["graph_adapter.py"],
  presets: [...samPresets, ...mobileSamPresets],
  sizes: { ...samConfigs, ...mobileSamConfigs },
  takes: "reference graphs",
  refuses: {},
} as const;

const torch = {
  method: "torch",
  title: "PyTorch",
  settings: ["compile", "bf16"],
  refuses: {},
  takes: "weights",
} as const;

/** Each family of models has a program of its own; a new one is a script and an entry here. */
export const adapters: readonly Adapter[] = [
  {
    ...torch,
    script: "torch_sam.py",
    imports: ["torch_adapter.py", "torch_predictor.py"],
    packages: ["torch", "segment-anything", "torchvision", "numpy", "pillow"],
    presets: samPresets,
    sizes: samConfigs,
    notes: ["the authors' package segment-anything, its SamPredictor as published"],
  },
  {
    ...torch,
    script: "torch_mobilesam.py",
    imports: ["torch_adapter.py", "torch_predictor.py"],
    packages: ["torch", "timm", "torchvision", "numpy", "pillow"],
    presets: mobileSamPresets,
    sizes: mobileSamConfigs,
    notes: ["the authors' package mobile_sam, its SamPredictor as published"],
  },
  {
    ...torch,
    script: "torch_sam2.py",
    imports: ["torch_adapter.py"],
    packages: ["torch", "torchvision", "hydra-core", "numpy", "pillow"],
    presets: sam2Presets,
    sizes: Object.fromEntries(sam2Presets.map(({ id }) => [id, sam2ConfigOf(id)])),
    notes: ["the authors' package sam2, its SAM2ImagePredictor as published, with build_sam2's defaults"],
  },
  {
    ...torch,
    script: "torch_efficientsam.py",
    imports: ["torch_adapter.py"],
    packages: ["torch", "numpy"],
    presets: efficientSamPresets,
    sizes: efficientSamConfigs,
    notes: ["the authors' package efficient_sam of a clone, whose folder PYTHONPATH names"],
  },
  {
    ...torch,
    script: "torch_fastsam.py",
    imports: ["torch_adapter.py"],
    packages: ["torch", "ultralytics", "numpy"],
    title: "ultralytics (AGPL-3.0) on PyTorch",
    // A photo in a square is the harness's own preparation.
    presets: fastSamPresets.filter(({ base }) => base === undefined),
    sizes: fastSamConfigs,
    settings: ["bf16"],
    refuses: {
      compile: "photos of each shape are a network of their own, and compiling it would be timed as encode",
    },
    notes: [
      "the package ultralytics, under AGPL-3.0; it unpickles the checkpoint's classes, so the file has to be one that you trust",
      "points choose by ultralytics' rule: all detections that hold a foreground point and no background point, in one mask",
    ],
  },
  {
    ...graphs,
    method: "ort-python",
    script: "ort_graphs.py",
    packages: ["onnxruntime", "numpy", "pillow"],
    title: "ONNX Runtime for Python",
    settings: [],
    notes: ["the published graph, operator for operator, in the runtime's Python package"],
  },
  {
    ...graphs,
    method: "openvino",
    script: "openvino_graphs.py",
    packages: ["openvino", "numpy", "pillow"],
    title: "OpenVINO",
    settings: ["bf16"],
    notes: ["the published graph, operator for operator"],
  },
];
