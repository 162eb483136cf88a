import type { BaseModel, BuildContext, GraphKind, OnnxGraph, StageMacs } from "../../harness/api.ts";
import { boxMacs } from "../../harness/onnx/boxMacs.ts";

/**
 * Writes the graphs of the method's base, each as `change` returns it. What the base's plug-in notes is noted, and it sees to it
 * that every weight is taken.
 */
export async function buildBase(
  context: BuildContext,
  change: (name: string, graph: OnnxGraph) => OnnxGraph | Promise<OnnxGraph>,
): Promise<void> {
  const { preset, plugin } = baseOf(context);
  const { out } = context;
  await plugin.build({
    ...context,
    preset,
    base: undefined,
    calibration: undefined,
    out: {
      write: async (name, graph) => out.write(name, await change(name, graph)),
      note: (text) => out.note?.(text),
    },
  });
}

/**
 * Returns the graphs that the base's plug-in writes, by name: what a method looks at before it changes any, as in a calibration.
 * They are the fused ones, unless the published ones are asked for.
 */
export async function graphsOfBase(
  context: Pick<BuildContext, "preset" | "base" | "checkpoint" | "side">,
  graph: GraphKind = "fused",
): Promise<ReadonlyMap<string, OnnxGraph>> {
  const { preset, plugin } = baseOf(context);
  const { checkpoint, side } = context;
  const graphs = new Map<string, OnnxGraph>();
  const write = async (name: string, graph: OnnxGraph) => void graphs.set(name, { ...graph, name });
  await plugin.build({ preset, checkpoint, side, graph, out: { write } });
  return graphs;
}

/**
 * Returns what the base's paper counts, for a method that changes numbers and no product: what the base's plug-in says of itself,
 * else the products of its reference graph.
 */
export async function publishedMacsOfBase(
  context: Pick<BuildContext, "preset" | "base" | "checkpoint">,
): Promise<StageMacs> {
  const { preset, plugin } = baseOf(context);
  if (plugin.referenceMacs !== undefined) return plugin.referenceMacs({ preset, checkpoint: context.checkpoint });
  const graphs = [...(await graphsOfBase(context, "reference")).values()];
  const decoders = graphs.filter(({ name }) => name !== "encoder" && name !== "decoder-mask");
  return {
    encode: boxMacs(graphs.find(({ name }) => name === "encoder")!),
    decode: decoders.reduce((sum, graph) => sum + boxMacs(graph), 0),
  };
}

/** Returns the model that a method changes. Throws where the harness was not told its module. */
export function baseOf({ preset, base }: Pick<BuildContext, "preset" | "base">): BaseModel {
  if (base === undefined) throw new Error(`${preset.id}: its base, ${preset.base}, is not loaded`);
  return base;
}
