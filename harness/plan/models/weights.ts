import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { NanoWeights, VariantManifest, WeightSource } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { homeFolder } from "../../home.ts";
import { nameOnProcessor, processor, rowName } from "../../store/rowName.ts";
import type { ChosenExternal, UnansweredExternal } from "../external/externalCommand.ts";
import { type RegisteredVariant, type Registry, weightsVariantOf } from "../plugins/registry.ts";
import type { PlanPoint } from "../point.ts";
import { namedVariant, requireKnown } from "./checkpoints.ts";

/**
 * Says which weights to take. `auto` takes a checkpoint if one is here, else trained nano weights. Full-size variants without a
 * checkpoint are left out, and of `all` the nano presets without trained weights too; a nano preset that is named runs on seeded
 * ones.
 */
export type WeightsChoice = "auto" | Exclude<WeightSource, "onnx" | "none" | "external">;

/** Says where a variant's weights come from; nothing is opened yet. */
interface ChosenWeights {
  readonly source: WeightSource;
  /** Path of the weights. For seeded weights, it is the part that they surround, where a variant's base gives only a part. */
  readonly file?: string;
}

export interface ChosenVariant {
  readonly variant: RegisteredVariant;
  readonly weights: ChosenWeights;
  /** What the row is called, where the user named its checkpoint: `sam-nano:mine`. */
  readonly name?: string | undefined;
  /** The execution provider that it is measured on; that of the processor if left out. */
  readonly provider?: string | undefined;
  /** Present for a point of a sweep. */
  readonly point?: PlanPoint | undefined;
  /** Present for a variant that another process answers for, once it has been asked what it is. */
  readonly external?: ChosenExternal;
  /** Present instead where the program did not say what it is: its row fails, and the others are measured. */
  readonly unanswered?: UnansweredExternal;
}

/** A variant that `all` names and that can not run, with the command that brings what it lacks. */
export interface LeftOut {
  readonly variant: string;
  readonly reason: string;
  readonly command: string;
}

/** Holds the variants that are measured, and those that are left out. */
export interface Chosen {
  readonly chosen: readonly ChosenVariant[];
  readonly leftOut: readonly LeftOut[];
}

export interface WeightsFlags {
  /** Ids of variants, or names of rows like `sam-nano:mine`, or `all`. */
  readonly variants: readonly string[];
  readonly weights: WeightsChoice;
  /** Maps a variant, or a named checkpoint like `sam-nano:mine`, to its file. */
  readonly checkpoints: ReadonlyMap<string, string>;
}

/**
 * Chooses the weights of each variant. Throws HarnessError where a variant that is named, not merely among `all`, has no weights
 * of the kind asked for.
 */
export async function chooseWeights(registry: Registry, flags: WeightsFlags): Promise<Chosen> {
  requireKnown(registry, flags.checkpoints);
  const all = flags.variants.includes("all");
  const named = new Set(flags.variants.filter((id) => id !== "all"));
  const models = [...registry.variants.values()].filter(
    ({ preset, external }) => preset.role !== "floor" && external === undefined,
  );
  const ids = all ? [...models.map(({ preset }) => preset.id), ...named] : named;
  const chosen: ChosenVariant[] = [];
  const leftOut: LeftOut[] = [];
  for (const id of new Set(ids)) {
    const { variant, base, name, checkpoint } = namedVariant(registry, id);
    const among = named.has(id) ? "named" : "all";
    const weights =
      checkpoint !== undefined
        ? namedWeights(checkpoint, flags)
        : variant.files === undefined
          ? await weightsOf(variant, base, flags, among)
          : ownWeights(variant, flags);
    if ("source" in weights) chosen.push({ variant, weights: asPartOf(variant, weights), name });
    else if (among === "all") leftOut.push(weights);
    else throw new HarnessError(`${id}: ${weights.reason}`, { hint: weights.command });
  }
  return { chosen: all ? inOrder(chosen) : chosen, leftOut };
}

/** Returns what the row of a chosen variant is called; a point of a sweep has its own name. */
export function nameOfChosen({
  variant: { preset },
  name,
  provider = processor,
  point,
}: Pick<ChosenVariant, "variant" | "name" | "provider" | "point">): string {
  const variant = { id: preset.id, name, role: preset.role };
  if (point !== undefined) return `${nameOnProcessor(variant)}, ${point.label}`;
  return rowName({ variant, runtime: { provider } });
}

/** Returns the weights of a checkpoint that the user named. Throws HarnessError where no file is given under this name. */
function namedWeights(name: string, { checkpoints }: WeightsFlags): ChosenWeights {
  const file = checkpoints.get(name);
  if (file !== undefined) return { source: "checkpoint", file };
  const known = [...checkpoints.keys()].filter((each) => each.includes(":"));
  throw new HarnessError(`${name}: no checkpoint of this name is given`, {
    found: known.length === 0 ? undefined : known,
    hint: `--checkpoint ${name}=FILE`,
  });
}

const sourceOrder: readonly WeightSource[] = ["checkpoint", "onnx", "external", "nano", "seeded", "none"];

/**
 * Sorts the rows of `all`: published models, then small trained ones, then methods on either; within each, the registry's order.
 */
function inOrder(chosen: readonly ChosenVariant[]): readonly ChosenVariant[] {
  const place = ({ variant: { preset }, weights }: ChosenVariant): number =>
    sourceOrder.indexOf(weights.source) + (preset.base === undefined ? 0 : sourceOrder.length);
  return [...chosen].sort((a, b) => place(a) - place(b));
}

/** Returns the trained weights of a nano preset that a variant runs on; nothing where it runs on others. */
export function trainedNanoWeights(registry: Registry, { variant, weights }: ChosenVariant): NanoWeights | undefined {
  return weights.source === "nano" ? weightsVariantOf(registry, variant).preset.nanoWeights : undefined;
}

/**
 * Returns the weights of a variant whose base gives only a part of them: a trained part among seeded weights does not make a
 * trained model.
 */
function asPartOf({ preset }: RegisteredVariant, weights: ChosenWeights): ChosenWeights {
  return preset.remainder === undefined ? weights : { ...weights, source: preset.remainder };
}

/** Returns the weights of a variant that is ONNX files: they are in the files. */
function ownWeights({ preset }: RegisteredVariant, { weights }: WeightsFlags): ChosenWeights | LeftOut {
  if (weights === "auto" || weights === "checkpoint") return { source: "onnx" };
  const reason = `its ONNX files hold weights of their own, not ${weights} ones`;
  return { variant: preset.id, reason, command: `bench run --variants ${preset.id} --variant-files ${preset.id}=…` };
}

function noWeights({ id }: VariantManifest, { checkpoints }: WeightsFlags): ChosenWeights {
  const file = checkpoints.get(id);
  if (file === undefined) return { source: "none" };
  throw new HarnessError(`--checkpoint ${id}: a floor has no weights`, { found: file, hint: "leave it out" });
}

/** Returns the weights of a variant. A method's own checkpoint comes before its base's. */
async function weightsOf(
  { preset, external }: RegisteredVariant,
  { preset: base, folder }: RegisteredVariant,
  flags: WeightsFlags,
  among: "named" | "all",
): Promise<ChosenWeights | LeftOut> {
  if (preset.role === "floor") return noWeights(preset, flags);
  if (external?.takes === "nothing") return { source: "external" };
  const given = flags.checkpoints.get(preset.id) ?? flags.checkpoints.get(base.id);
  const checkpoint = given ?? (await storedCheckpoint(base.published?.id));
  const nano = base.nanoWeights === undefined ? undefined : join(folder, base.nanoWeights.file);
  const missing = (reason: string, command = commandFor(preset.id, base)): LeftOut => ({
    variant: preset.id,
    reason,
    command,
  });
  const naming = `bench run --variants ${preset.id}`;
  switch (flags.weights) {
    case "seeded":
      // Who asks for seeded weights of `all` wants latency and memory at full size.
      return among === "all" && preset.size === "nano"
        ? missing("a nano preset, not at full size", `${naming} --weights seeded`)
        : { source: "seeded" };
    case "checkpoint":
      return checkpoint === undefined ? missing("no checkpoint here") : { source: "checkpoint", file: checkpoint };
    case "nano":
      return nano === undefined ? missing("no nano weights") : { source: "nano", file: nano };
    case "auto":
      if (checkpoint !== undefined) return { source: "checkpoint", file: checkpoint };
      if (nano !== undefined) return { source: "nano", file: nano };
      if (preset.size === "full") return missing("no checkpoint here");
      return among === "named"
        ? { source: "seeded" }
        : missing("a nano preset without trained weights", `${naming}, for latency and memory alone`);
  }
}

function commandFor(variant: string, { id, published }: VariantManifest): string {
  const own = `bench run --variants ${variant} --checkpoint ${id}=FILE`;
  const brought = published === undefined ? own : `bench pull ${id}, or ${own}`;
  return `${brought}; or --weights seeded for latency and memory alone`;
}

/** Returns the file in the home folder's `checkpoints` that has the published id, whatever its ending. */
async function storedCheckpoint(id: string | undefined): Promise<string | undefined> {
  const folder = join(homeFolder(), "checkpoints");
  if (id === undefined || !existsSync(folder)) return undefined;
  const file = (await readdir(folder)).find((name) => name.replace(/\.(pth|pt|safetensors)$/, "") === id);
  return file === undefined ? undefined : join(folder, file);
}
