import { basename } from "node:path";
import type { DeclaredValue, GraphSignature } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { type AnyLayout, type ByPart, type GivenGraph, type Part, partNames, partsOf } from "./layout.ts";
import { nameInFile } from "./names.ts";

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

/** Throws HarnessError where what a part gives is not what a later part takes under the same name: files of different models. */
export function requireOneModel(layout: AnyLayout, files: ByPart<Part, GivenGraph>): void {
  const asked = partsOf(layout);
  for (const [i, giver] of asked.entries())
    for (const taker of asked.slice(i + 1))
      for (const given of files[giver].outputs) {
        const taken = files[taker].inputs.find(({ name }) => name === given.name);
        if (taken === undefined || sameDims(given, taken)) continue;
        throw new HarnessError(
          `${basename(files[taker].file)}: not the ${partNames[taker]} of ${basename(files[giver].file)}`,
          {
            found: valueText(files[giver], given),
            expected: valueText(files[taker], taken),
            hint: "take all files from one export",
          },
        );
      }
}

function sameDims({ dims = [] }: DeclaredValue, taken: DeclaredValue): boolean {
  const pairs = dims.map((dim, i) => [dim, taken.dims?.[i] ?? "?"] as const);
  return pairs.every(([a, b]) => typeof a === "string" || typeof b === "string" || a === b);
}

function valueText(graph: GivenGraph, { name, dims = [] }: DeclaredValue): string {
  return `${nameInFile(graph, name)} [${dims.join(", ")}]`;
}
