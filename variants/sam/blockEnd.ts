import type { GraphValue } from "../../harness/api.ts";
import { add, addAndNorm, child, type Module, product, weight } from "../../harness/onnx/index.ts";

const epsilon = 1e-6;

export interface BlockEnd {
  /** Attention's result, before its output projection. */
  readonly attended: GraphValue;
  readonly stream: GraphValue;
  /** Of the output projection, and what is folded into it. */
  readonly projectionBias: GraphValue;
  readonly width: number;
  /** The MLP's two linear layers, as the checkpoint names them. */
  readonly layers: readonly [string, string];
}

/** A pre-norm transformer block from its attention on: projection, residual sum, MLP, residual sum. Returns the stream. */
export function blockEnd(block: Module, how: BlockEnd): GraphValue {
  const { graph } = block;
  const { width } = how;
  const [first, second] = how.layers;
  const projected = product(child(block, "attn.proj"), how.attended, { inputs: width, outputs: width });
  const residual = { width, epsilon, bias: how.projectionBias };
  const [mlpInput, middle] = addAndNorm(child(block, "norm2"), projected, how.stream, residual);

  const mlp = child(block, "mlp");
  const hidden = product(child(mlp, first), mlpInput, { inputs: width, outputs: 4 * width });
  const activated = graph.op("BiasGelu", [hidden, weight(mlp, `${first}.bias`, [4 * width])]);
  const branch = product(child(mlp, second), activated, { inputs: 4 * width, outputs: width });
  return add(graph, add(graph, branch, weight(mlp, `${second}.bias`, [width])), middle);
}
