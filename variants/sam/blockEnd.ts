import type { GraphValue } from "../../harness/api.ts";
import { add, addAndNorm, child, type Module, product, weight } from "../../harness/onnx/index.ts";
import { epsilons } from "../sam-decoder/epsilons.ts";

interface BlockEnd {
  /** Result of attention, before the output projection. */
  readonly attended: GraphValue;
  readonly stream: GraphValue;
  /** Bias of the output projection, with what is folded into it. */
  readonly projectionBias: GraphValue;
  readonly width: number;
  /** Hidden width of the MLP: it is four times the tokens' width if left out. */
  readonly hidden?: number | undefined;
  /** The MLP's two linear layers, as the checkpoint names them. */
  readonly layers: readonly [string, string];
}

/**
 * Adds the rest of a pre-norm transformer block, from its attention on: projection, residual sum, MLP, residual sum. Returns
 * the stream.
 */
export function blockEnd(block: Module, how: BlockEnd): GraphValue {
  const { width } = how;
  const projected = product(child(block, "attn.proj"), how.attended, { inputs: width, outputs: width });
  const residual = { width, epsilon: epsilons.vit, bias: how.projectionBias };
  const [mlpInput, middle] = addAndNorm(child(block, "norm2"), projected, how.stream, residual);
  const { branch, bias } = mlp(child(block, "mlp"), mlpInput, how);
  return add(block.graph, add(block.graph, branch, bias), middle);
}

/** Adds a linear layer, GELU and a linear layer. Returns the last bias apart, because the residual sum adds it. */
export function mlp(
  module: Module,
  x: GraphValue,
  { width, hidden = 4 * width, layers }: Pick<BlockEnd, "width" | "hidden" | "layers">,
) {
  const [first, second] = layers;
  const widened = product(child(module, first), x, { inputs: width, outputs: hidden });
  const activated = module.graph.op("BiasGelu", [widened, weight(module, `${first}.bias`, [hidden])]);
  const branch = product(child(module, second), activated, { inputs: hidden, outputs: width });
  return { branch, bias: weight(module, `${second}.bias`, [width]) };
}
