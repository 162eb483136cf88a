import type { GraphConstant, HalfType, OnnxGraph } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { largestHalf } from "../halves.ts";

const defaults = {
  /**
   * Elements of the smallest tensor that is stored in 16 bits. In the file of a large graph tensors start on pages of 4096 bytes,
   * which this many float32 numbers fill: a smaller one would save nothing. Biases, norms and scales are among those.
   */
  leastElements: 1024,
};

/** Tells whether a constant is a tensor of float32 numbers that is worth storing in fewer bits. */
export function isLarge({ type, dims }: GraphConstant): boolean {
  return type === "float32" && dims.reduce((count, dim) => count * dim, 1) > defaults.leastElements;
}

/**
 * Returns the graph with the float32 constants that `chooses` picks stored in 16 bits, rounded to the nearest. Nothing else of the
 * graph changes: its nodes still read float32, which a Cast gives them. The runtime computes that once, when it loads the file.
 * Writing the graph throws HarnessError where a number is too large for the type.
 */
export function storedIn(
  graph: OnnxGraph,
  type: HalfType,
  chooses: (constant: GraphConstant) => boolean = isLarge,
): OnnxGraph {
  const constants = graph.constants.map((constant) =>
    constant.type === "float32" && chooses(constant) ? stored(constant, type) : constant,
  );
  const constantBytes = constants.reduce((sum, { bytes }) => sum + bytes, 0);
  return { ...graph, constants, counts: { ...graph.counts, constantBytes } };
}

function stored(constant: GraphConstant, type: HalfType): GraphConstant {
  const { name, dims } = constant;
  return {
    ...constant,
    storedAs: type,
    bytes: 2 * dims.reduce((count, dim) => count * dim, 1),
    read: () => withinRange(name, type, constant.read() as Float32Array),
  };
}

/** Returns the numbers as they are. Throws HarnessError for one that would become infinite and is not. */
function withinRange(name: string, type: HalfType, values: Float32Array): Float32Array {
  let largest = 0;
  for (const value of values) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  if (largest <= largestHalf[type]) return values;
  throw new HarnessError(`${name}: its numbers are too large for ${type}`, {
    found: largest.toPrecision(6),
    expected: `at most ${largestHalf[type]}`,
    hint: type === "float16" ? "bfloat16 has the range of float32: bf16/…" : "is the checkpoint whole?",
  });
}
