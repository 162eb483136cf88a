import { HarnessError } from "../../errors.ts";
import type { RegisteredVariant, Registry } from "../../plan/plugins/registry.ts";
import { checkpointOf, type TensorArchive } from "../../weights/index.ts";
import { describeGraphs } from "../build.ts";

/** Returns whether every tensor of the file has its place in the variant, by name and shape; no value is read. */
export async function fits(archive: TensorArchive, variant: RegisteredVariant): Promise<boolean> {
  // The archive stays open for the caller: only the checkpoint's bookkeeping is made anew.
  const checkpoint = checkpointOf({ ...archive, close: () => undefined }, "checkpoint");
  try {
    await describeGraphs({ variant, checkpoint, graph: "fused" });
    return true;
  } catch (error) {
    if (error instanceof HarnessError) return false;
    throw error;
  }
}

/** Returns the variants that a file fits; methods that run on another variant's checkpoints are not among them. */
export async function fittingVariants(registry: Registry, archive: TensorArchive): Promise<readonly string[]> {
  const fitting: string[] = [];
  for (const [id, variant] of registry.variants)
    if (hasOwnCheckpoint(variant) && (await fits(archive, variant))) fitting.push(id);
  return fitting;
}

/** Returns false for a method on another variant's checkpoint, for ONNX files, and for a floor, which has no weights. */
export function hasOwnCheckpoint({ preset, files, external }: RegisteredVariant): boolean {
  return preset.base === undefined && files === undefined && external === undefined && preset.role !== "floor";
}

/** Returns an error about a checkpoint that does not fit, whose hint names the variant that it does fit. */
export async function explainMisfit(error: unknown, registry: Registry, archive: TensorArchive): Promise<unknown> {
  if (!(error instanceof HarnessError)) return error;
  const fitting = await fittingVariants(registry, archive);
  if (fitting.length === 0) return error;
  return new HarnessError(error.message, { hint: `this is a checkpoint of ${fitting.join(" or ")}`, cause: error });
}
