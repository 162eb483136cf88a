import { basename } from "node:path";
import type { DeclaredValue, GraphSignature } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import type { Pair } from "./layout.ts";

/**
 * Returns the side of the square images that an encoder takes, px, where its file declares one. `rows` is the place of the rows
 * in the input's dimensions.
 */
export function declaredSide({ inputs }: GraphSignature, rows: number): number | undefined {
  const [height, width] = inputs[0]!.dims?.slice(rows, rows + 2) ?? [];
  return typeof height === "number" && height === width ? height : undefined;
}

/** Returns a dimension of the value of this name, where the file declares a number. */
export function declaredDim(graph: GraphSignature, name: string, axis: number): number | undefined {
  const value = [...graph.inputs, ...graph.outputs].find((each) => each.name === name);
  const dim = value?.dims?.[axis];
  return typeof dim === "number" ? dim : undefined;
}

/**
 * Returns what `declaredDim` does.
 * Throws HarnessError where the file leaves the dimension open.
 */
export function requiredDim(graph: GraphSignature, name: string, axis: number): number {
  const dim = declaredDim(graph, name, axis);
  if (dim !== undefined) return dim;
  throw new HarnessError(`${basename(graph.file)}: the size of ${name} is left open`, {
    expected: `a number as its dimension ${axis}`,
    hint: "export the graph for one image size",
  });
}

/** Throws HarnessError where what the encoder gives is not what the decoder takes: two files of different models. */
export function requireSameDims({ encoder, decoder }: Pair, given: DeclaredValue, taken: DeclaredValue): void {
  const pairs = (given.dims ?? []).map((dim, i) => [dim, taken.dims?.[i] ?? "?"] as const);
  if (pairs.every(([a, b]) => typeof a === "string" || typeof b === "string" || a === b)) return;
  throw new HarnessError(`${basename(decoder.file)}: not the decoder of ${basename(encoder.file)}`, {
    found: `${given.name} [${given.dims?.join(", ")}]`,
    expected: `${taken.name} [${taken.dims?.join(", ")}]`,
    hint: "take both files from one export",
  });
}
