import type { Checkpoint, OnnxGraph, VariantManifest, VariantPlugin } from "../../harness/api.ts";
import { child, GraphBuilder } from "../../harness/onnx/index.ts";
import { configOf, type SamConfig } from "../sam/config.ts";
import { embeddingOf, patchTokens, wholeBlock } from "../sam/imageEncoder.ts";
import { samPresets } from "../sam/presets.ts";
import { methodMacs } from "../sam/published.ts";
import { buildDecoder } from "../sam-decoder/build.ts";
import { loadSam } from "../sam-decoder/load.ts";

// Template of a method: SAM with one thing changed, on SAM's own weights. CONTRIBUTING.md goes through it, from a copy:
// mkdir variants/my-method && cp variants/templates/method.ts variants/my-method/variant.ts

/** Describes the method on one of SAM's sizes: `my-method/sam-vit-b` runs on the checkpoint of `sam-vit-b`. */
function presetOn(sam: VariantManifest): VariantManifest {
  return {
    id: `my-method/${sam.id}`,
    title: `My method on ${sam.title}`,
    paper: { title: "My paper", year: 2026 },
    size: sam.size,
    input: sam.input,
    mask: sam.mask,
    lacks: sam.lacks,
    base: sam.id,
    notes: [...sam.notes, "a template: it computes what SAM computes"],
  };
}

/** SAM's image encoder: `image` [1, 3, side, side] → `image_embedding` [1, embedding, grid, grid]. Change it here. */
function imageEncoder(config: SamConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const encoder = { graph, checkpoint, path: "image_encoder" };
  const image = graph.input("image", [1, 3, config.side, config.side]);
  let tokens = patchTokens(encoder, image, config);
  for (let i = 0; i < config.depth; i++) {
    tokens = wholeBlock(child(encoder, `blocks.${i}`), tokens, config, i);
  }
  graph.output("image_embedding", embeddingOf(encoder, tokens, config));
  return graph.finish();
}

export default {
  presets: samPresets.map(presetOn),
  async build(context) {
    const { preset, checkpoint, out } = context;
    const config = configOf(preset.base!, context.side);
    await out.write("encoder", imageEncoder(config, checkpoint));
    await buildDecoder(context, config.decoder);
    // A weight that no graph reads is an error: it would be a silent loss of accuracy.
    checkpoint.assertAllTaken();
  },
  // The GMACs of the tables count the paper's operators; `whole` is the number of windowed blocks that are computed.
  referenceMacs({ preset, checkpoint }) {
    const config = configOf(preset.base!);
    const whole = config.depth - config.globalBlocks.length;
    return methodMacs({ encoder: imageEncoder(config, checkpoint), config, checkpoint, whole, kept: 0 });
  },
  load: loadSam,
} satisfies VariantPlugin;
