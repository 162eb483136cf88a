import type { VariantManifest, VariantPlugin } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { loadPromptMask } from "./load.ts";

const id = "baseline/prompt";

const preset: VariantManifest = {
  id,
  title: "filled box / disc",
  paper: { title: "none" },
  size: "nano",
  role: "floor",
  // The photo is read as for any variant, and no pixel of it is looked at: a small frame costs the least.
  input: {
    side: 64,
    fit: "pad",
    resize: "pillow-bilinear",
    padValue: 0,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  },
  mask: { path: "direct", interpolation: "bilinear", threshold: ">0" },
  lacks: ["mask-input"],
  notes: [
    "a box prompt is filled; point prompts get one disc about the mean of the foreground points, as large as the annotated masks of these images are in the mean (as a share of the photo): it knows one number of the answer",
    "its predicted IoU is 1 for every mask: protocols that rank masks by it rank nothing",
  ],
};

function noGraphs(): HarnessError {
  return new HarnessError(`${id}: has no graphs`, {
    hint: `it computes nothing from a photo; bench run --variants ${id} scores its masks`,
  });
}

export default {
  presets: [preset],
  async build() {},
  load: async (_graphs, _runtime, _preset, given?) => loadPromptMask(given?.facts),
  async loadRaw() {
    throw noGraphs();
  },
} satisfies VariantPlugin;
