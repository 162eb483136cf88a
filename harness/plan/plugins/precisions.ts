import type { Precision } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { type RegisteredVariant, type Registry, variantOf } from "./registry.ts";

const float: Precision = {
  name: "float",
  describe: "32-bit floats, as the model's own graphs have them",
  idOf: (model) => model,
};

/** Returns the precisions that models can be measured in: float, and those of all methods in the order of their names. */
export function precisionsOf({ methods }: Registry): readonly Precision[] {
  return [float, ...methods.flatMap(({ plugin }) => plugin.precisions ?? [])];
}

/** Returns the precisions that this model has, with its form in each: a method may refuse a model that has nothing to change. */
export function formsOf(
  registry: Registry,
  model: string,
): readonly { readonly precision: Precision; readonly variant: RegisteredVariant }[] {
  return precisionsOf(registry).flatMap((precision) => {
    const variant = variantIfAny(registry, precision.idOf(model));
    return variant === undefined ? [] : [{ precision, variant }];
  });
}

/** Tells whether a variant is the model itself, or the model in a precision, whatever its setting. */
export function isFormOf(registry: Registry, id: string, model: string): boolean {
  if (id === model) return true;
  const variant = variantIfAny(registry, id);
  return variant?.plugin.precisions !== undefined && variant.preset.base === model;
}

/** Returns the variant of an id; nothing where no plug-in that is here knows it, or its method refuses it. */
function variantIfAny(registry: Registry, id: string): RegisteredVariant | undefined {
  try {
    return variantOf(registry, id);
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}
