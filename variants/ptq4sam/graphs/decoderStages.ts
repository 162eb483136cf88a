import type { GraphValue } from "../../../harness/api.ts";
import { add, layerNorm, reshape, slice, transpose } from "../../../harness/onnx/index.ts";
import { type DecoderConfig, downsample, maskTokens, samDecoder, transformerDepth } from "../../sam-decoder/config.ts";
import { epsilons } from "../../sam-decoder/epsilons.ts";
import type { MaskPrompts } from "../../sam-decoder/maskDecoder.ts";
import { predictedIou, upscaledMasks } from "../../sam-decoder/maskHeads.ts";
import {
  countPrompts,
  forEveryPrompt,
  imagePositions,
  maskTokensOf,
  noMaskEmbedding,
  promptTokens,
} from "../../sam-decoder/promptEncoder.ts";
import { part, type QuantizableModule } from "../calibrate/places.ts";
import { attend, mergeHeads, quantizableLinear, splitHeads } from "./layers.ts";
import type { Stage } from "./stage.ts";

const transformer = "mask_decoder.transformer";

/** Paths of the attentions whose keys tend to have two modes: in these prompt tokens look at the image. */
export const tokenToImagePaths: readonly string[] = [
  ...Array.from({ length: transformerDepth }, (_, i) => `${transformer}.layers.${i}.cross_attn_token_to_image`),
  `${transformer}.final_attn_token_to_image`,
];

/** Path of the attention whose output projection is the last layer that is quantised. */
const lastAttention = tokenToImagePaths.at(-1)!;

/**
 * Returns SAM's prompt encoder and mask decoder in stages: prompts, each attention and MLP of the two-way transformer, heads.
 * Projections stand as published, prompt by prompt; the reassociated ones of the fused decoder have no keys to quantise.
 * Source: segment_anything/modeling/prompt_encoder.py, mask_decoder.py, transformer.py.
 */
export function decoderStages(config: DecoderConfig, prompts: MaskPrompts): readonly Stage[] {
  const layers = Array.from({ length: transformerDepth }, (_, i) => layerStages(config, i));
  return [promptStage(config, prompts), ...layers.flat(), finalStage(config), headStage(config)];
}

function promptStage(config: DecoderConfig, prompts: MaskPrompts): Stage {
  const withMask = prompts === "points, boxes and a mask";
  return {
    name: "prompt_encoder",
    inputs: ["image_embedding", "point_coords", "point_labels", ...(withMask ? ["mask_input"] : [])],
    outputs: ["tokens", "queries", "keys"],
    add(root, { image_embedding: image, point_coords: coordinates, point_labels: labels, mask_input: mask }) {
      const { graph } = root;
      const { embedding, grid } = config;
      const tokens = promptTokens(root, { coordinates: coordinates!, labels: labels! }, config);
      const flat = transpose(graph, reshape(graph, image!, [1, embedding, grid * grid]), [0, 2, 1]);
      const shared = add(graph, flat, noMaskEmbedding(root, config));
      if (mask !== undefined)
        return { tokens, queries: tokens, keys: add(graph, shared, maskTokensOf(root, config, mask)) };
      const keys = forEveryPrompt(graph, shared, countPrompts(graph, labels!), [grid * grid, embedding]);
      return { tokens, queries: tokens, keys };
    },
  };
}

function layerStages(config: DecoderConfig, index: number): Stage[] {
  const { embedding, mlp } = config;
  const path = `${transformer}.layers.${index}`;
  const norm = (root: QuantizableModule, name: string, x: GraphValue) =>
    layerNorm(part(root, `${path}.${name}`), x, { width: embedding, epsilon: epsilons.twoWayTransformer });
  return [
    {
      name: `${path}.self_attn`,
      inputs: ["queries", "tokens"],
      outputs: ["queries"],
      add(root, { queries, tokens }) {
        const own = index === 0 ? queries! : add(root.graph, queries!, tokens!);
        const module = part(root, `${path}.self_attn`);
        const attended = attention(module, { queries: own, keys: own, values: queries! }, config, embedding);
        // The first layer replaces the tokens by their attention, the others add to them.
        const sum = index === 0 ? attended : add(root.graph, queries!, attended);
        return { queries: norm(root, "norm1", sum) };
      },
    },
    lookStage(`${path}.cross_attn_token_to_image`, `${path}.norm2`, config),
    {
      name: `${path}.mlp`,
      inputs: ["queries"],
      outputs: ["queries"],
      add(root, { queries }) {
        const { graph } = root;
        const widths = { inputs: embedding, outputs: mlp };
        const hidden = graph.op("Relu", [quantizableLinear(part(root, `${path}.mlp.lin1`), queries!, widths)]);
        const back = { inputs: mlp, outputs: embedding };
        const branch = quantizableLinear(part(root, `${path}.mlp.lin2`), hidden, back);
        return { queries: norm(root, "norm3", add(graph, queries!, branch)) };
      },
    },
    {
      name: `${path}.cross_attn_image_to_token`,
      inputs: ["queries", "tokens", "keys"],
      outputs: ["keys"],
      add(root, { queries, tokens, keys }) {
        const { graph } = root;
        const module = part(root, `${path}.cross_attn_image_to_token`);
        const positions = imagePositions(root, config);
        const attended = attention(
          module,
          { queries: add(graph, keys!, positions), keys: add(graph, queries!, tokens!), values: queries! },
          config,
        );
        return { keys: norm(root, "norm4", add(graph, keys!, attended)) };
      },
    },
  ];
}

function finalStage(config: DecoderConfig): Stage {
  return lookStage(lastAttention, `${transformer}.norm_final_attn`, config);
}

/** Returns the stage in which prompt tokens look at the image. */
function lookStage(path: string, norm: string, config: DecoderConfig): Stage {
  return {
    name: path,
    inputs: ["queries", "tokens", "keys"],
    outputs: ["queries"],
    add(root, { queries, tokens, keys }) {
      const { graph } = root;
      const positions = imagePositions(root, config);
      const attended = attention(
        part(root, path),
        { queries: add(graph, queries!, tokens!), keys: add(graph, keys!, positions), values: keys! },
        config,
      );
      const sum = add(graph, queries!, attended);
      return {
        queries: layerNorm(part(root, norm), sum, { width: config.embedding, epsilon: epsilons.twoWayTransformer }),
      };
    },
  };
}

function headStage(config: DecoderConfig): Stage {
  return {
    name: "mask_decoder.heads",
    inputs: ["queries", "keys"],
    outputs: ["low_res_masks", "iou_predictions"],
    add(root, { queries, keys }) {
      const { graph } = root;
      const decoder = part(root, "mask_decoder");
      const masks = slice(graph, queries!, 1, 1, 1 + maskTokens);
      const iou = predictedIou(decoder, slice(graph, queries!, 1, 0, 1), config, samDecoder);
      return {
        low_res_masks: upscaledMasks(decoder, { tokens: masks, image: keys! }, config, samDecoder),
        iou_predictions: iou,
      };
    },
  };
}

interface Attended {
  readonly queries: GraphValue;
  readonly keys: GraphValue;
  readonly values: GraphValue;
}

/** Adds an attention; `inner` is the width that queries, keys and values are projected to. */
function attention(
  module: QuantizableModule,
  { queries, keys, values }: Attended,
  { embedding, heads }: DecoderConfig,
  inner = embedding / downsample,
): GraphValue {
  const { places, path } = module;
  const project = (layer: string, place: string, x: GraphValue) => {
    const projected = quantizableLinear(part(module, layer), x, { inputs: embedding, outputs: inner });
    return places.activation(`${path}.${place}`, splitHeads(module, projected, heads));
  };
  const attended = attend(module, {
    query: project("q_proj", "query", queries),
    key: project("k_proj", "key", keys),
    value: project("v_proj", "value", values),
    part: 0,
  });
  return quantizableLinear(part(module, "out_proj"), mergeHeads(module, attended), {
    inputs: inner,
    outputs: embedding,
  });
}
