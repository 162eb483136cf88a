import { availableParallelism } from "node:os";
import type { GraphKind } from "../../api.ts";
import { type BuiltVariant, buildVariant } from "../../build/build.ts";
import { calibrationFor } from "../../build/calibration.ts";
import type { Arguments } from "../../commands/terminal/command.ts";
import { loadRegistry, type RegisteredVariant, variantOf, weightsVariantOf } from "../../plan/plugins/registry.ts";
import { settingsOf, withSettings } from "../../plan/settings.ts";
import { seededCheckpoint, seededName } from "../../weights/index.ts";

/** Returns the variant of `--variant` with the settings of its method. */
export async function askedVariant(args: Arguments): Promise<RegisteredVariant> {
  const registry = await loadRegistry();
  const given = Object.entries(args).filter(([, value]) => typeof value === "string") as [string, string][];
  const names = new Set(settingsOf(registry).map(({ name }) => name));
  const settings = Object.fromEntries(given.filter(([name]) => names.has(name)));
  const [id] = withSettings(registry, [args.variant as string], settings);
  return variantOf(registry, id!);
}

/** Builds a variant's graphs on seeded weights; a method that needs a calibration is calibrated first. */
export async function buildSeeded(variant: RegisteredVariant, graph: GraphKind): Promise<BuiltVariant> {
  const registry = await loadRegistry();
  const { seededScale } = weightsVariantOf(registry, variant).preset;
  const seeded = { variant, checkpoint: seededCheckpoint(seededScale), weightsId: seededName(seededScale) };
  const calibration = await calibrationFor({
    ...seeded,
    registry,
    runtime: { provider: "cpu", threads: availableParallelism() },
    progress: () => undefined,
    note: () => undefined,
    signal: new AbortController().signal,
  });
  return buildVariant({ ...seeded, graph, calibration: calibration?.values });
}
