import type { DeclaredNode, GraphBody } from "../../harness/api.ts";

/**
 * The largest number of nodes that are looked through, from `iou_predictions` backwards: a selection of one mask's score has
 * about twenty.
 */
const mostNodes = 200;

/** Operators that pick the largest values: the scores of the most confident masks. */
const largest = ["ReduceMax", "TopK"];

/** Operators that pass values on, or pick some of them. */
const passing = new Set([
  "Identity",
  "Cast",
  "Reshape",
  "Unsqueeze",
  "Squeeze",
  "Gather",
  "GatherND",
  "GatherElements",
  "Flatten",
  "Slice",
  "Transpose",
  "Concat",
  ...largest,
]);

/**
 * Says whether the scores are stability scores in place of predicted IoU: the ratio of two sums over mask pixels above a
 * threshold. Predicted IoU comes from a product with weights. Source: SamOnnxModel with use_stability_score,
 * segment_anything/utils/onnx.py.
 */
export function isStabilityScore({ nodes }: GraphBody, output: string): boolean {
  const producers = producersOf(nodes);
  const ratio = source(producers, output);
  if (ratio?.operator !== "Div") return false;
  return ratio.inputs.every((side) => isPixelCount(producers, side));
}

/** Says whether the scores are the largest of several masks'. */
export function isLargestScore({ nodes }: GraphBody, output: string): boolean {
  const producers = producersOf(nodes);
  let node = producers.get(output);
  for (let seen = 0; node !== undefined && passing.has(node.operator) && seen < mostNodes; seen++) {
    if (largest.includes(node.operator)) return true;
    node = producers.get(node.inputs[0] ?? "");
  }
  return false;
}

/** Returns the first node behind a value that computes something. Of nodes that pass values on it follows the first input. */
function source(producers: ReadonlyMap<string, DeclaredNode>, value: string): DeclaredNode | undefined {
  let node = producers.get(value);
  for (let seen = 0; node !== undefined && passing.has(node.operator) && seen < mostNodes; seen++)
    node = producers.get(node.inputs[0] ?? "");
  return node;
}

/** Says whether a value is a sum over a comparison's outcomes. */
function isPixelCount(producers: ReadonlyMap<string, DeclaredNode>, value: string): boolean {
  let node = source(producers, value);
  let sums = 0;
  for (; node?.operator === "ReduceSum" && sums < mostNodes; sums++) node = source(producers, node.inputs[0] ?? "");
  return sums > 0 && /^(Greater|GreaterOrEqual|Less|LessOrEqual)$/.test(node?.operator ?? "");
}

/** Maps each value to the node that gives it. */
export function producersOf(nodes: readonly DeclaredNode[]): ReadonlyMap<string, DeclaredNode> {
  return new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
}
