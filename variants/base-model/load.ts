import type { RawVariant, Variant, VariantPlugin } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { baseOf } from "./graphs.ts";

/** Loads a method's graphs as the plug-in of its base loads the base's: for methods that leave inputs and outputs as they are. */
export const loadAsBase: VariantPlugin["load"] = async (graphs, runtime, preset, given): Promise<Variant> => {
  const base = baseOf({ preset, base: given?.base });
  return base.plugin.load(graphs, runtime, base.preset);
};

/** Loads a method's graphs for `bench verify`. Throws HarnessError where the base's plug-in can not. */
export const loadRawAsBase: NonNullable<VariantPlugin["loadRaw"]> = async (
  graphs,
  runtime,
  preset,
  given,
): Promise<RawVariant> => {
  const base = baseOf({ preset, base: given?.base });
  if (base.plugin.loadRaw !== undefined) return base.plugin.loadRaw(graphs, runtime, base.preset);
  throw new HarnessError(`${preset.id}: its outputs can not be compared with reference values`, {
    found: `no loadRaw in the plug-in of ${base.preset.id}`,
  });
};
