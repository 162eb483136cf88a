import type { Checkpoint, GraphValue, OnnxGraph } from "../../harness/api.ts";
import { add, child, GraphBuilder, type Module, reshape, transpose } from "../../harness/onnx/index.ts";
import { addSharedTokens } from "../sam-decoder/maskDecoder.ts";
import { childProduct, layerNormGelu } from "../sam-decoder/maskHeads.ts";
import { earlyTokens, type HqSamConfig, hqSamDecoder } from "./config.ts";

/**
 * Builds the graph of what all prompts of an image share: `image_embedding` [1, embedding, grid, grid] and `interm_embedding_0`
 * [1, grid, grid, width] → SAM's `image_tokens` and `image_tokens_with_positions` [grid², embedding], and `hq_features` [1,
 * embedding / 8, 4 grid, 4 grid], the sum of both inputs brought to that size. The authors' decoder makes the features anew
 * in each call; they depend on the image alone.
 * Source: segment_anything/modeling/mask_decoder_hq.py; ./reference.ts has it operator for operator.
 */
export function decoderImage(config: HqSamConfig, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("decoder-image");
  const root: Module = { graph, checkpoint, path: "" };
  const { decoder: sizes, earlyWidth } = config;
  const { embedding, grid } = sizes;
  const decoder = child(root, "mask_decoder");
  const image = addSharedTokens(root, sizes, hqSamDecoder);
  const early = reshape(graph, graph.input(earlyTokens, [1, grid, grid, earlyWidth]), [grid * grid, earlyWidth]);
  const ofImage = raised(child(decoder, "embedding_encoder"), image, [embedding, embedding / 4, embedding / 8]);
  const ofEarly = raised(child(decoder, "compress_vit_feat"), early, [earlyWidth, embedding, embedding / 8]);
  graph.output("hq_features", pixelsInPlace(graph, add(graph, ofImage, ofEarly), "1", sizes));
  return graph.finish();
}

/**
 * Raises tokens [grid², inputs] by two transposed convolutions with a norm and GELU between them. Returns [4 grid², 4 outputs]: the
 * sixteen pixels of a token side by side, as `upscaledPixels` has them.
 */
function raised(module: Module, tokens: GraphValue, [inputs, middle, outputs]: readonly [number, number, number]) {
  const { graph } = module;
  const places = tokens.dims[0] as number;
  const first = childProduct(child(module, "0"), tokens, inputs, middle);
  const spread = reshape(graph, add(graph, first.product, first.bias), [4 * places, middle]);
  const second = childProduct(child(module, "3"), layerNormGelu(child(module, "1"), spread, middle), middle, outputs);
  return add(graph, second.product, second.bias);
}

/**
 * Puts pixels whose sixteen of a token lie side by side in rows and columns: [batch, embedding / 8, 4 grid, 4 grid]. Whole pixels move
 * first and channels last: the runtime does the same as one transposition number by number, in ten times the time.
 */
export function pixelsInPlace(
  graph: GraphBuilder,
  pixels: GraphValue,
  batch: "1" | "prompts",
  { embedding, grid }: HqSamConfig["decoder"],
): GraphValue {
  const channels = embedding / 8;
  const side = 4 * grid;
  const first = batch === "1" ? 1 : batch;
  const cells = reshape(graph, pixels, [first, grid, grid, 2, 2, 2, 2, channels]);
  const inRows = reshape(graph, transpose(graph, cells, [0, 1, 3, 5, 2, 4, 6, 7]), [first, side * side, channels]);
  return reshape(graph, transpose(graph, inRows, [0, 2, 1]), [first, channels, side, side]);
}
