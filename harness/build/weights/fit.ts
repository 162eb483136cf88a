import { HarnessError, OtherForm } from "../../errors.ts";
import type { RegisteredVariant, Registry } from "../../plan/plugins/registry.ts";
import { checkpointOf, type TensorArchive } from "../../weights/index.ts";
import { describeGraphs } from "../build.ts";

/** Returns whether every tensor of the file has its place in the variant, by name and shape; no value is read. */
export async function fits(archive: TensorArchive, variant: RegisteredVariant): Promise<boolean> {
  return (await refusalOf(archive, variant)) === undefined;
}

/** Returns the variant's error about the file; nothing where the file fits. */
async function refusalOf(archive: TensorArchive, variant: RegisteredVariant): Promise<HarnessError | undefined> {
  // The archive stays open for the caller: only the checkpoint's bookkeeping is made anew.
  const checkpoint = checkpointOf({ ...archive, close: () => undefined }, "checkpoint");
  try {
    await describeGraphs({ variant, checkpoint, graph: "fused" });
    return undefined;
  } catch (error) {
    if (error instanceof HarnessError) return error;
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

/** Returns what a variant says of a file that it knows as another form of its weights; nothing where no variant knows the file. */
export async function otherFormOf(registry: Registry, archive: TensorArchive): Promise<OtherForm | undefined> {
  for (const variant of registry.variants.values()) {
    const refusal = hasOwnCheckpoint(variant) ? await refusalOf(archive, variant) : undefined;
    if (refusal instanceof OtherForm) return refusal;
  }
  return undefined;
}

/** Returns false for a method on another variant's checkpoint, for ONNX files, and for a floor, which has no weights. */
export function hasOwnCheckpoint({ preset, files, external }: RegisteredVariant): boolean {
  return preset.base === undefined && files === undefined && external === undefined && preset.role !== "floor";
}

/**
 * Returns an error about a checkpoint that does not fit, whose hint names the variant that it does fit, or the file to take in
 * its place.
 */
export async function explainMisfit(error: unknown, registry: Registry, archive: TensorArchive): Promise<unknown> {
  if (!(error instanceof HarnessError) || error instanceof OtherForm) return error;
  const fitting = await fittingVariants(registry, archive);
  if (fitting.length === 0) return (await otherFormOf(registry, archive)) ?? error;
  return new HarnessError(error.message, { hint: `this is a checkpoint of ${fitting.join(" or ")}`, cause: error });
}
