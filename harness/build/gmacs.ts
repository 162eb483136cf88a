import type { Checkpoint, OnnxGraph, StageMacs } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { boxMacs } from "../onnx/boxMacs.ts";
import type { RegisteredVariant } from "../plan/plugins/registry.ts";
import { seededCheckpoint } from "../weights/index.ts";
import { describeGraphs } from "./build.ts";

/** Returns the 10^9 multiply-accumulates that graphs execute for one image, and for one box prompt. */
export function executedGmacs(graphs: readonly OnnxGraph[]): StageMacs {
  const sumOf = (named: (name: string) => boolean) =>
    graphs.filter(({ name }) => named(name)).reduce((sum, graph) => sum + boxMacs(graph), 0) / 1e9;
  return {
    encode: sumOf((name) => name === "encoder"),
    decode: sumOf((name) => name !== "encoder" && name !== "decoder-mask"),
  };
}

/**
 * Returns the 10^9 multiply-accumulates of the published architecture, or of what a method computes: padding included, nothing
 * widened for an operator of the runtime. They follow from shapes alone, so that no weight is read; those of the checkpoint
 * matter where a variant takes its widths from it. Returns nothing for a variant that has neither.
 */
export async function referenceGmacs(
  variant: RegisteredVariant,
  checkpoint: Checkpoint = seededCheckpoint(),
): Promise<StageMacs | undefined> {
  const { plugin, preset, base } = variant;
  try {
    const macs = await plugin.referenceMacs?.({ preset, base, checkpoint: seededCheckpoint() });
    if (macs !== undefined) return { encode: macs.encode / 1e9, decode: macs.decode / 1e9 };
    return executedGmacs(await describeGraphs({ variant, checkpoint, graph: "reference" }));
  } catch (error) {
    // A plug-in says so where it has no reference graph.
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}
