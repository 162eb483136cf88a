import type { Checkpoint } from "../../api.ts";
import { HarnessError, type OtherForm } from "../../errors.ts";
import type { RegisteredVariant, Registry } from "../../plan/plugins/registry.ts";
import type { TensorArchive } from "../../weights/index.ts";
import { describeGraphs } from "../build.ts";
import { fittingVariants, hasOwnCheckpoint, otherFormOf } from "./fit.ts";
import { type Candidates, identify } from "./identity.ts";

/** A misfit lists all that a file has otherwise than a variant wants it. */
export interface Misfit {
  readonly variant: string;
  readonly missing: readonly { readonly name: string; readonly expected: readonly number[] }[];
  readonly extra: readonly { readonly name: string; readonly found: readonly number[] }[];
  readonly misshaped: readonly {
    readonly name: string;
    readonly found: readonly number[];
    readonly expected: readonly number[];
  }[];
}

/**
 * Names the variants that a file fits; where it fits none, it holds what a variant says of it that knows it, else the nearest
 * variant with its faults, if one is near.
 */
export interface Fit extends Candidates {
  readonly otherForm: OtherForm | undefined;
  readonly nearest: Misfit | undefined;
}

export async function bestFit(registry: Registry, archive: TensorArchive): Promise<Fit> {
  const candidates = await identify(archive.file, await fittingVariants(registry, archive), registry);
  if (candidates.fitting.length > 0) return { ...candidates, otherForm: undefined, nearest: undefined };
  const otherForm = await otherFormOf(registry, archive);
  const nearest = otherForm === undefined ? await nearestVariant(registry, archive) : undefined;
  return { ...candidates, otherForm, nearest };
}

/**
 * Returns the variant that the file has the fewest faults for, with all of them. Returns nothing where none is near: a file with
 * more faults than tensors that fit is another network with a few equal names.
 */
export async function nearestVariant(registry: Registry, archive: TensorArchive): Promise<Misfit | undefined> {
  let nearest: Misfit | undefined;
  for (const variant of registry.variants.values()) {
    if (!hasOwnCheckpoint(variant)) continue;
    const most = nearest === undefined ? archive.tensors.size : faultsOf(nearest) - 1;
    nearest = (await misfitOf(archive, variant, most)) ?? nearest;
  }
  return nearest;
}

function faultsOf({ missing, extra, misshaped }: Misfit): number {
  return missing.length + extra.length + misshaped.length;
}

/** Ends a build whose result is clear. */
class TooManyFaults extends HarnessError {}

/**
 * Returns nothing where there are more faults than `most`, or than tensors that fit, and where the build finds nothing to go by.
 */
async function misfitOf(
  { file, tensors }: TensorArchive,
  variant: RegisteredVariant,
  most: number,
): Promise<Misfit | undefined> {
  const used = new Set<string>();
  const missing = new Map<string, Misfit["missing"][number]>();
  const misshaped = new Map<string, Misfit["misshaped"][number]>();
  const survey: Checkpoint = {
    label: file,
    source: "checkpoint",
    dims: (name) => tensors.get(name)?.dims,
    take(name, dims) {
      const found = tensors.get(name)?.dims;
      if (found === undefined) missing.set(name, { name, expected: dims });
      else if (found.join() !== dims.join()) misshaped.set(name, { name, found, expected: dims });
      used.add(name);
      if (missing.size + misshaped.size > most) throw new TooManyFaults(file);
      return { name, dims, read: () => notRead(name) };
    },
    discard(pattern) {
      for (const name of tensors.keys()) if (name.search(pattern) >= 0) used.add(name);
    },
    assertAllTaken: () => undefined,
    close: () => undefined,
  };
  try {
    await describeGraphs({ variant, checkpoint: survey, graph: "fused" });
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
  const extra = [...tensors.values()].filter(({ name }) => !used.has(name));
  const misfit: Misfit = {
    variant: variant.preset.id,
    missing: [...missing.values()],
    extra: extra.map(({ name, dims }) => ({ name, found: dims })),
    misshaped: [...misshaped.values()],
  };
  const fitting = used.size - missing.size - misshaped.size;
  return faultsOf(misfit) <= Math.min(most, fitting) ? misfit : undefined;
}

function notRead(name: string): never {
  throw new Error(`${name}: read while it is only compared`);
}
