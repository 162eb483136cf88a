import type { MaskPrediction, Point, Prompt, Tensor, VariantManifest, VariantPlugin } from "../../harness/api.ts";
import { conv2d, GraphBuilder, openSession } from "../../harness/onnx/index.ts";

// Template of a network of its own, encoder and decoder:
// mkdir variants/my-model && cp variants/templates/model.ts variants/my-model/variant.ts
// Outside of this project, import from "sam-bench/api" and "sam-bench/onnx", and run with --plugin my-model.mts.

const side = 256;
const patch = 4;
const grid = side / patch;

const preset: VariantManifest = {
  id: "my-model",
  title: "My model",
  paper: { title: "My paper", year: 2026 },
  // "nano" is a toy. Presets of "full" size run on a checkpoint alone, or where --weights seeded asks for them.
  size: "nano",
  // Photos are prepared as this says, and prompts are moved to the same frame: neither is done here.
  input: {
    side,
    fit: "pad",
    resize: "pillow-bilinear",
    padValue: 0,
    mean: [123.675, 116.28, 103.53],
    std: [58.395, 57.12, 57.375],
  },
  // Low-res logits become a mask as this says.
  mask: { path: "model-frame", interpolation: "bilinear", threshold: ">0" },
  // Protocols that need one of these refuse the variant.
  lacks: ["single-mask-token", "mask-input"],
  notes: ["a template: it keeps what looks like the pixel under the prompt"],
};

export default {
  presets: [preset],
  // Takes every weight from the checkpoint by its published name and shape, and writes one ONNX graph or more.
  async build({ checkpoint, out }) {
    const graph = new GraphBuilder("encoder");
    const image = graph.input("image", [1, 3, side, side]);
    const convolution = { inputs: 3, outputs: 1, kernel: patch, stride: patch, bias: "with bias" } as const;
    graph.output("image_embedding", conv2d({ graph, checkpoint, path: "patch_embed" }, image, convolution));
    await out.write("encoder", graph.finish());
    // A weight that no graph reads is an error: it would be a silent loss of accuracy.
    checkpoint.assertAllTaken();
  },
  // Opens the files that `build` wrote, by the names that it gave them. Each call below is timed.
  async load(files, runtime) {
    const encoder = await openSession(files.encoder!, runtime);
    return {
      async encode({ tensor, geometry }) {
        const outputs = await encoder.run({ image: tensor });
        return { tensor: outputs.image_embedding!, geometry };
      },
      decode: async (embedding, prompts) => prompts.map((prompt) => decode(embedding.tensor, prompt)),
      close: () => encoder.close(),
    };
  },
} satisfies VariantPlugin;

/** One mask a prompt. A decoder that is a graph is opened in `load` and run here, with prompts of one shape as a batch. */
function decode({ data }: Tensor, prompt: Prompt<"model">): MaskPrediction {
  const { x, y } = centreOf(prompt);
  const column = Math.min(grid - 1, Math.max(0, Math.floor(x / patch)));
  const row = Math.min(grid - 1, Math.max(0, Math.floor(y / patch)));
  const under = data[row * grid + column]!;
  return {
    kind: "logits",
    lowResLogits: { dims: [1, grid, grid], data: data.map((value) => 0.3 - Math.abs(value - under)) },
    predictedIou: Float32Array.of(0.5),
  };
}

/** Its first point, or the middle of its box; model pixels. */
function centreOf({ points: [point], box }: Prompt<"model">): Pick<Point, "x" | "y"> {
  return point ?? { x: (box!.x0 + box!.x1) / 2, y: (box!.y0 + box!.y1) / 2 };
}
