import type { Dataset, DatasetOptions, DatasetPlugin, FileHints, ImageId } from "../api.ts";
import { HarnessError, unknown } from "../errors.ts";
import { misfitOf, type PlannedPrompts, promptPlan, requireFit } from "../protocols/index.ts";
import { datasetCache } from "./data/datasetCache.ts";
import { withDetectorBoxes } from "./data/detectorBoxes.ts";
import { openDataset } from "./data/openDataset.ts";
import { withDescriptions, withExternals } from "./external/externals.ts";
import { type LatencySettings, latencySettings } from "./latencySettings.ts";
import { checkpointsOf } from "./models/checkpoints.ts";
import { fileHintsOf } from "./models/fileHints.ts";
import { requireMeasurable, withFloors } from "./models/floors.ts";
import { withVariantFiles } from "./models/variantFiles.ts";
import { type Chosen, type ChosenVariant, chooseWeights, type LeftOut, nameOfChosen } from "./models/weights.ts";
import { planOptions } from "./options.ts";
import { withPageRows } from "./pageRows.ts";
import { processorsOf } from "./pinnedCpus.ts";
import { bookOf } from "./plugins/book.ts";
import { loadRegistry, type Registry } from "./plugins/registry.ts";
import { onProviders, plannedProviders } from "./providers.ts";
import {
  atLeast,
  imageTimeoutOf,
  maxMinutesOf,
  namesOf,
  type Phase,
  phasesOf,
  type RunFlags,
  shardOf,
} from "./runFlags.ts";
import { withSettings } from "./settings.ts";
import { imagesOfShard, type Shard } from "./shard.ts";

/** A plan says what the flags mean: every name is looked up, every default filled in, the dataset open. */
export interface RunPlan {
  readonly registry: Registry;
  readonly variantFiles: readonly string[];
  readonly fileHints: FileHints;
  readonly chosen: readonly ChosenVariant[];
  readonly leftOut: readonly LeftOut[];
  readonly dataset: Dataset;
  readonly datasetOptions: DatasetOptions;
  /** The images of the dataset that this process takes: all of them, or a shard's. */
  readonly images: readonly ImageId[];
  readonly shard?: Shard;
  readonly phases: readonly Phase[];
  readonly boxes?: string;
  readonly dump?: "tokens";
  readonly prompts: readonly PlannedPrompts[];
  /** Says whether images may be scored that a variant was calibrated on. */
  readonly overlap: "refused" | "allowed";
  readonly seed: number;
  /** Holds what all variants share; `runtimeOf` says which provider each has. */
  readonly runtime: { readonly threads: number };
  /** Logical processors that the measured processes are pinned to. */
  readonly cpus?: string | undefined;
  readonly latency: LatencySettings;
  /**
   * The deadline of an image, in place of those that follow from earlier calls. It decides no figure, so it is no part of a
   * run's identity.
   */
  readonly imageTimeoutMs?: number;
  /** Asks for cold starts beside latencies. They are measured apart from the rest, so they are no part of a run's identity. */
  readonly coldStart?: boolean;
  /** Asks for the energy of an image, which is measured apart as well. */
  readonly energy?: boolean;
  /** Minutes that the whole run may take. Rounds of latency are left out for it, so it is no part of a run's identity either. */
  readonly maxMinutes?: number;
  /** Allows a provider that computes something else than the processor; the difference is stored. */
  readonly acceptError?: boolean;
}

const defaults = {
  weights: planOptions.weights.default,
  dataset: planOptions.dataset.default,
  seed: planOptions.seed.default,
} as const;

/** Returns the plan of a run. Throws HarnessError for every mistake that can be known before the first image. */
export async function resolvePlan(flags: RunFlags, notice: (text: string) => void = () => undefined): Promise<RunPlan> {
  const plugins = flags.plugin ?? [];
  const variantFiles = flags["variant-files"] ?? [];
  const fileHints = fileHintsOf(flags);
  const known = withExternals(await loadRegistry(plugins), flags.external ?? []);
  const registry = await withVariantFiles(known, variantFiles, fileHints);
  const seed = flags.seed ?? defaults.seed;
  const prompts = promptPlan({ prompts: flags.prompts, protocol: flags.protocol }, bookOf(registry));
  const shard = shardOf(flags);
  const names = namesOf(flags);
  const { threads, cpus } = processorsOf(flags);
  const providers = plannedProviders(flags, threads);
  const weighed = await chooseWeights(registry, {
    variants: withSettings(registry, names, flags.settings ?? {}),
    weights: flags.weights ?? defaults.weights,
    checkpoints: checkpointsOf(flags.checkpoint ?? []),
  });
  const available = {
    chosen: await withDescriptions(weighed.chosen, { providers, threads, python: flags.python }),
    leftOut: weighed.leftOut,
  };
  const fitting = names.includes("all") ? withoutMisfits(available, prompts) : available;
  const phases = phasesOf(flags, registry.datasets.get(flags.dataset ?? defaults.dataset));
  const measured = flags.baseline === true ? withFloors(fitting, { registry, prompts, phases }) : fitting;
  const rows = { chosen: onProviders(measured.chosen, providers), leftOut: measured.leftOut };
  const { chosen, leftOut } = withPageRows(rows, {
    prompts,
    flags,
    unfit: names.includes("all") ? "left out" : "refused",
  });
  if (chosen.length === 0)
    throw new HarnessError("no variant is left to run", {
      hint: leftOut[0]?.command ?? "bench list variants shows those that there are",
    });
  for (const { variant } of chosen) {
    requireMeasurable(variant.preset, phases);
    requireFit(prompts, variant.preset);
  }
  requireBoxes(prompts, flags.boxes);
  if (flags.dump !== undefined && flags.image === undefined)
    throw new HarnessError("--dump: of which image?", { hint: "--image ID, as often as you like" });
  const { dataset, datasetOptions } = await openImages(flags, { registry, seed, notice });
  const ids = dataset.images.map(({ id }) => id);
  return {
    registry,
    variantFiles,
    chosen,
    leftOut,
    dataset,
    datasetOptions,
    prompts,
    seed,
    images: shard === undefined ? ids : imagesOfShard(ids, shard),
    shard,
    phases,
    overlap: flags["allow-overlap"] === true ? "allowed" : "refused",
    boxes: flags.boxes,
    dump: flags.dump,
    imageTimeoutMs: imageTimeoutOf(flags),
    energy: flags.energy === true || undefined,
    coldStart: flags["cold-start"] === true || undefined,
    maxMinutes: maxMinutesOf(flags, phases),
    fileHints,
    acceptError: flags["accept-error"] === true || undefined,
    runtime: { threads },
    cpus,
    latency: latencySettings(flags, notice),
  };
}

export interface Opening {
  readonly registry: Registry;
  readonly seed: number;
  notice(text: string): void;
}

/** Opens the dataset, with a detector's boxes where they are prompted. Throws HarnessError as resolvePlan. */
export async function openImages(
  flags: RunFlags,
  { registry, seed, notice }: Opening,
): Promise<Pick<RunPlan, "dataset" | "datasetOptions">> {
  const plugin = registry.datasets.get(flags.dataset ?? defaults.dataset);
  if (plugin === undefined) throw unknown("dataset", flags.dataset!, [...registry.datasets.keys()]);
  const datasetOptions = optionsOf(flags, plugin, seed);
  const opened = await openDataset(registry, plugin.id, datasetOptions, notice);
  const dataset = flags.boxes === undefined ? opened : await withDetectorBoxes(opened, flags.boxes);
  if (dataset.images.length === 0) throw new HarnessError(`dataset ${dataset.id}: no image is left to run`);
  return { dataset, datasetOptions };
}

/**
 * Takes out variants that the prompts do not fit, for `all`; they are listed as left out. A variant that is named is refused
 * elsewhere.
 */
function withoutMisfits({ chosen, leftOut }: Chosen, prompts: readonly PlannedPrompts[]): Chosen {
  const misfits = chosen.flatMap((each): LeftOut[] => {
    const { preset } = each.variant;
    const misfit = prompts.map((asked) => misfitOf(asked, preset)).find((found) => found !== undefined);
    if (misfit === undefined) return [];
    const { problem, found, expected, hint } = misfit;
    const facts = `found ${found}${expected === undefined ? "" : `, expected ${expected}`}`;
    return [{ variant: nameOfChosen(each), reason: `${problem} (${facts})`, command: hint }];
  });
  const out = new Set(misfits.map(({ variant }) => variant));
  return {
    chosen: chosen.filter((each) => !out.has(nameOfChosen(each))),
    leftOut: [...leftOut, ...misfits],
  };
}

/** Throws HarnessError where prompts and `--boxes` do not belong together: a run prompts annotations or a detector's boxes. */
function requireBoxes(prompts: readonly PlannedPrompts[], boxes: string | undefined): void {
  for (const { protocol } of prompts) {
    if (protocol.prompted === "detections" && boxes === undefined)
      throw new HarnessError(`protocol ${protocol.id}: prompts a detector's boxes, and none are given`, {
        hint: "--boxes DETECTIONS.json",
      });
    if (protocol.prompted !== "detections" && boxes !== undefined)
      throw new HarnessError(`protocol ${protocol.id}: does not prompt a detector's boxes`, {
        hint: "leave --boxes out, or name a protocol like ap-vitdet-argmax",
      });
  }
}

const ownImages = { drawn: "drawn", shipped: "part of its plug-in" } as const;

function optionsOf(flags: RunFlags, plugin: DatasetPlugin, seed: number): DatasetOptions {
  if (flags.data !== undefined && plugin.own !== undefined)
    throw new HarnessError(`--data: the dataset ${plugin.id} is ${ownImages[plugin.own]} and reads no folder`, {
      hint: "name the dataset: --dataset coco, lvis, folder or unlabelled",
    });
  return {
    seed: atLeast(0, "--seed", seed),
    cache: datasetCache(),
    data: flags.data,
    limit: flags.limit === undefined ? undefined : atLeast(1, "--limit", flags.limit),
    images: flags.image,
    purpose: flags.purpose,
  };
}
