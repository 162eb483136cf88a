import { statSync } from "node:fs";
import { HarnessError } from "../../errors.ts";
import { isBarePath } from "../../plan/models/checkpoints.ts";
import { inertClassesOf, loadRegistry, type Registry } from "../../plan/plugins/registry.ts";
import type { RunFlags } from "../../plan/runFlags.ts";
import { isCheckpointPath, ownNameOfFile } from "../../store/rowName.ts";
import { openTensorArchive } from "../../weights/index.ts";
import { fittingVariants, otherFormOf } from "./fit.ts";
import { identify } from "./identity.ts";

/**
 * Returns the variant whose checkpoint the file is, by the names and shapes of its tensors. Where it fits several, its hash
 * decides if it is a published file, then `preferred`.
 * Throws HarnessError where it fits none, and where it fits several and nothing decides.
 */
export async function variantOfCheckpoint(file: string, registry: Registry, preferred?: string): Promise<string> {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
    throw new HarnessError(`${file}: a folder, and no checkpoint file`, {
      hint: "name the .pth, .pt or .safetensors file in it",
    });
  const archive = await openTensorArchive(file, { inert: inertClassesOf(registry) });
  try {
    const { fitting, variant } = await identify(file, await fittingVariants(registry, archive), registry);
    if (variant !== undefined) return variant;
    if (fitting.length === 0) {
      const otherForm = await otherFormOf(registry, archive);
      if (otherForm !== undefined) throw otherForm;
      throw new HarnessError(`${file}: fits no variant`, {
        hint: `bench inspect ${file} shows what it holds, and what keeps it from the nearest variant`,
      });
    }
    if (preferred !== undefined && fitting.includes(preferred)) return preferred;
    throw new HarnessError(`${file}: fits several variants equally`, {
      found: fitting.join(", "),
      hint: `say which: ${fitting.map((each) => `${each}=${file}`).join(" or ")}`,
    });
  } finally {
    archive.close();
  }
}

/** Returns the name of a checkpoint that is given as a path alone: its variant, and the file's name. */
export function nameOfCheckpoint(variant: string, file: string, registry: Registry): string {
  const own = ownNameOfFile(file);
  // A row that is called by the id of another variant would be taken for it.
  if (own === "" || registry.variants.has(own))
    return `${variant}:${[own, "file"].filter((part) => part !== "").join("-")}`;
  return `${variant}:${own}`;
}

/**
 * Returns the flags in which every file that is given as a path alone, among `--variants` or with `--checkpoint`, has its variant
 * and a name: `../new.safetensors` becomes `sam-nano:new=../new.safetensors`.
 */
export async function withRecognisedFiles(flags: RunFlags): Promise<RunFlags> {
  const variants = flags.variants?.split(",").map((each) => each.trim()) ?? [];
  const checkpoints = flags.checkpoint ?? [];
  if (!variants.some(isCheckpointPath) && !checkpoints.some(isBarePath)) return flags;
  const registry = await loadRegistry(flags.plugin ?? []);
  const named = async (file: string) => nameOfCheckpoint(await variantOfCheckpoint(file, registry), file, registry);
  const names: string[] = [];
  const pairs: string[] = [];
  for (const each of checkpoints) pairs.push(isBarePath(each) ? `${await named(each)}=${each}` : each);
  for (const each of variants) {
    if (!isCheckpointPath(each)) names.push(each);
    else if (each.includes("="))
      throw new HarnessError(`--variants ${each}: names a variant or a file`, {
        hint: `--checkpoint ${each} names the file, and measures it`,
      });
    else {
      const name = await named(each);
      names.push(name);
      pairs.push(`${name}=${each}`);
    }
  }
  return {
    ...flags,
    variants: flags.variants === undefined ? undefined : names.join(","),
    checkpoint: [...new Set(pairs)],
  };
}
