import type { GraphValue } from "../../harness/api.ts";
import { add, addAndNorm, child, layerNorm, type Module, product, take } from "../../harness/onnx/index.ts";
import { globalAttention, projectionBias, windowAttention } from "../sam/attention.ts";
import { wholeImage } from "../sam/windows.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";
import { passedBias } from "../sam-decoder/passedBias.ts";
import type { BlvitConfig } from "./config.ts";

/**
 * Puts all tokens [1, tokens, width] through an E-block: a narrower block of SAM's kind. Attention projects from the tokens'
 * width to its own and back; the MLP stands between two linear layers that do so.
 */
export function efficientBlock(block: Module, stream: GraphValue, config: BlvitConfig, index: number): GraphValue {
  const { graph } = block;
  const { sam, efficient } = config;
  const grid = sam.side / sam.patch;
  const outer = sam.width;
  const attn = child(block, "attn");
  const normalised = layerNorm(child(block, "norm1"), stream, { width: outer, epsilon: epsilons.vit });
  const attended = sam.globalBlocks.includes(index)
    ? globalAttention(attn, normalised, { ...efficient, grid })
    : windowAttention(attn, normalised, { ...efficient, window: sam.window }, wholeImage(graph, grid, sam.window));
  const projected = product(child(attn, "proj"), attended, { inputs: efficient.width, outputs: outer });
  const bias = projectionBias(attn, efficient.width, outer);
  const [mlpInput, middle] = addAndNorm(child(block, "norm2"), projected, stream, {
    width: outer,
    epsilon: epsilons.vit,
    bias,
  });
  const { branch, bias: last } = narrowMlp(child(block, "mlp"), mlpInput, efficient.width, outer);
  return add(graph, add(graph, branch, last), middle);
}

/**
 * Adds down, lin1, GELU, lin2 and up. Nothing stands between two linear layers, so the first one's bias goes into the second's.
 */
function narrowMlp(mlp: Module, x: GraphValue, inner: number, outer: number) {
  const { graph } = mlp;
  const down = product(child(mlp, "down"), x, { inputs: outer, outputs: inner });
  const hidden = product(child(mlp, "lin1"), down, { inputs: inner, outputs: 4 * inner });
  const activated = graph.op("BiasGelu", [
    hidden,
    biasThrough(mlp, "down", "lin1", { inputs: inner, outputs: 4 * inner }),
  ]);
  const narrow = product(child(mlp, "lin2"), activated, { inputs: 4 * inner, outputs: inner });
  const branch = product(child(mlp, "up"), narrow, { inputs: inner, outputs: outer });
  return { branch, bias: biasThrough(mlp, "lin2", "up", { inputs: inner, outputs: outer }) };
}

/** Returns W b + c: the next layer, of weight W and bias c, passes the bias b of one layer on like this. */
function biasThrough(
  mlp: Module,
  first: string,
  second: string,
  { inputs, outputs }: { readonly inputs: number; readonly outputs: number },
): GraphValue {
  const bias = take(child(mlp, first), "bias", [inputs]);
  const matrix = take(child(mlp, second), "weight", [outputs, inputs]);
  const own = take(child(mlp, second), "bias", [outputs]);
  return mlp.graph.derived({
    name: `${own.name}+${first}.bias`,
    dims: [outputs],
    from: [bias, matrix, own],
    compute: (passed, weights, added) => passedBias({ bias: passed!, matrix: weights!, own: added! }),
  });
}
