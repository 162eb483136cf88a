import type { ExternalProcess, VariantManifest } from "../../harness/api.ts";
import { samConfigs } from "../sam/config.ts";
import { samPresets } from "../sam/presets.ts";

/** A shipped program: `<method>/<preset>` and `<method>/<preset>/<setting>` are answered by it. */
export interface Adapter {
  readonly method: string;
  /** File in `python/`. */
  readonly script: string;
  /** What computes, as a title says it. */
  readonly title: string;
  readonly presets: readonly VariantManifest[];
  /** By preset id, as the program understands them. */
  readonly sizes: Readonly<Record<string, object>>;
  /** Last parts of an id, each a way to run the model. */
  readonly settings: readonly string[];
  readonly takes: ExternalProcess["takes"];
  /** What a reader of its row must know. */
  readonly notes: readonly string[];
}

/** Each family of models has a program of its own; a new one is a script and an entry here. */
export const adapters: readonly Adapter[] = [
  {
    method: "torch",
    script: "torch_sam.py",
    title: "PyTorch",
    presets: samPresets,
    sizes: samConfigs,
    settings: ["compile", "bf16"],
    takes: "weights",
    notes: ["the authors' package segment-anything, its SamPredictor as published"],
  },
];
