import { writeFile } from "node:fs/promises";
import type { GraphDiff } from "../../../diff/diff.ts";
import type { GraphSide } from "../../../diff/request.ts";
import { HarnessError } from "../../../errors.ts";

/** A diff with the sides that it is of. */
export interface DrawnDiff {
  readonly a: GraphSide;
  readonly b: GraphSide;
  readonly found: GraphDiff;
}

/** Draws the error by depth into a file, and returns a line about it. Throws HarnessError where it can not be written. */
export async function writeDiffChart(file: string, { a, b, found }: DrawnDiff): Promise<string> {
  // Vega takes a second to load.
  const { figureFile } = await import("../../../report/charts/drawing/files.ts");
  const { errorByDepthChart } = await import("../../../report/charts/own/errorByDepth.ts");
  const points = found.pairs.map(({ a: tensor, error }) => ({
    tensor: tensor.name,
    operator: tensor.node.operator,
    place: tensor.place + 1,
    error: error.notFinite > 0 ? undefined : error.max,
  }));
  const first = found.first === undefined ? undefined : found.first.pair.a.place + 1;
  const chart = errorByDepthChart({ a: nameOf(a, b), b: nameOf(b, a), points, tolerance: found.tolerance, first });
  const content = await figureFile(chart, { file, theme: "light", date: new Date() });
  await writeFile(file, content).catch((cause: NodeJS.ErrnoException) => {
    throw new HarnessError(`${file}: can not be written`, { found: cause.code, hint: "does its folder exist?", cause });
  });
  return `${file}: written`;
}

/** Returns the side's name, with its provider where the other side is called the same. */
function nameOf({ name, provider }: GraphSide, other: GraphSide): string {
  return name === other.name ? `${name} on ${provider}` : name;
}
