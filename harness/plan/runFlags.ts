import type { DatasetOptions, DatasetPlugin, EncoderInput } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { checkpointsOf } from "./models/checkpoints.ts";
import { readPresetFile } from "./models/presetFile.ts";
import type { WeightsChoice } from "./models/weights.ts";
import { parseShard, type Shard } from "./shard.ts";

/** A run has two phases. Accuracy can be measured on many machines, latency is measured on one. */
export type Phase = "accuracy" | "latency";

/** The flags of a run, as the command line gives them; each has a default. */
export interface RunFlags {
  readonly variants?: string;
  /** Files that `bench search` wrote. */
  readonly preset?: readonly string[];
  readonly weights?: WeightsChoice;
  /** Pairs `VARIANT=FILE` and `VARIANT:NAME=FILE`. */
  readonly checkpoint?: readonly string[];
  readonly dataset?: string;
  readonly data?: string;
  readonly prompts?: string;
  readonly protocol?: string;
  readonly limit?: number;
  readonly image?: readonly number[];
  readonly seed?: number;
  readonly threads?: number;
  /** Logical processors, such as `0-3,8`, that the measured processes are pinned to. */
  readonly cpus?: string;
  readonly provider?: string;
  /** Names where rows are computed: `node`, `web` for a page of a browser, or both. */
  readonly runtime?: string;
  /** Allows a provider that computes something else than the processor. */
  readonly "accept-error"?: boolean;
  readonly rounds?: number;
  readonly warmup?: number;
  /** Few rounds, in place of `rounds` and `warmup`. */
  readonly quick?: boolean;
  /** Many rounds, in place of `rounds` and `warmup`. */
  readonly thorough?: boolean;
  /** Asks for the times of processes that load and run each variant for the first time. */
  readonly "cold-start"?: boolean;
  /** Asks for the energy of an image. */
  readonly energy?: boolean;
  /** The most minutes that the run may take: rounds of latency are left out for it. */
  readonly "max-minutes"?: number;
  readonly plugin?: readonly string[];
  /** Results file of a detector, whose boxes are prompted. */
  readonly boxes?: string;
  /** Pairs `NAME=FILE.onnx`; more files of the same name follow without it. */
  readonly "variant-files"?: readonly string[];
  /** Says what the encoder of these files takes, where its graph does not show it. */
  readonly input?: EncoderInput;
  /** Pairs `ROLE=NAME`: values of these files that have names of their own. */
  readonly "onnx-names"?: readonly string[];
  /** `NAME=COMMAND` each: a program that answers as the variant NAME. */
  readonly external?: readonly string[];
  /** Names the Python that starts shipped programs; without it one is looked for. */
  readonly python?: string;
  /** Asks for pictures of the tokens that each part of an encoder kept, for the images of `--image`. */
  readonly dump?: "tokens";
  /** Allows a variant to be scored on images that it was calibrated on. */
  readonly "allow-overlap"?: boolean;
  /** Says what the images are for, if not for scoring. */
  readonly purpose?: DatasetOptions["purpose"];
  /** Settings of methods by the names of their options. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The most seconds that a worker may take for an image. */
  readonly "image-timeout"?: number;
  /** Says whether floors are measured beside the named variants. */
  readonly baseline?: boolean;
  /** The one phase to measure; both without it. */
  readonly phase?: Phase;
  /** A part of the images, `i/n`: every n-th image; latency is not measured. */
  readonly shard?: string;
}

const allVariants = "all";

/**
 * Returns the phases to measure. A shard without `--phase` has accuracy alone: figures of several machines are no latency. Photos
 * without masks have latency alone. Throws HarnessError where accuracy is asked of these.
 */
export function phasesOf(
  { phase, shard }: RunFlags,
  dataset?: Pick<DatasetPlugin, "id" | "unlabelled">,
): readonly Phase[] {
  if (dataset?.unlabelled === true) {
    if (phase !== "accuracy" && shard === undefined) return ["latency"];
    throw new HarnessError(`dataset ${dataset.id}: has no masks, so accuracy can not be measured`, {
      found: shard === undefined ? `--phase ${phase}` : `--shard ${shard}`,
      hint: "leave it out for latency and memory; --dataset folder, coco or lvis reads photos with masks",
    });
  }
  if (phase !== undefined) return [phase];
  return shard === undefined ? ["accuracy", "latency"] : ["accuracy"];
}

/** Returns the deadline of an image in ms, where the user gives one. */
export function imageTimeoutOf({ "image-timeout": seconds }: RunFlags): number | undefined {
  if (seconds === undefined) return undefined;
  if (seconds > 0 && Number.isFinite(seconds)) return 1000 * seconds;
  throw new HarnessError("--image-timeout: must be a number of seconds", {
    found: String(seconds),
    expected: "over 0",
  });
}

/** Returns the minutes that the run may take, where the user gives them. Throws HarnessError where no latency is measured. */
export function maxMinutesOf({ "max-minutes": minutes }: RunFlags, phases: readonly Phase[]): number | undefined {
  if (minutes === undefined) return undefined;
  if (!(minutes > 0 && Number.isFinite(minutes)))
    throw new HarnessError("--max-minutes: must be a number of minutes", {
      found: String(minutes),
      expected: "over 0",
    });
  if (phases.includes("latency")) return minutes;
  throw new HarnessError("--max-minutes: leaves out rounds of latency, and none are measured", {
    found: `phases ${phases.join(", ")}`,
    hint: "leave it out, or name fewer images with --limit",
  });
}

/** Returns the part of the images to measure; nothing where all of them are. */
export function shardOf({ phase, shard }: RunFlags): Shard | undefined {
  if (shard === undefined) return undefined;
  if (phase !== "latency") return parseShard(shard);
  throw new HarnessError(`--shard ${shard}: latency is measured on one machine, not in shards`, {
    hint: "bench run --phase latency without --shard, on the machine that the figure is about",
  });
}

/** Returns the named variants and those of preset files; `all` where neither is given. */
export function namesOf({ variants, preset = [] }: RunFlags): readonly string[] {
  const named = variants === undefined && preset.length > 0 ? [] : listOf("--variants", variants ?? allVariants);
  return [...named, ...preset.map(readPresetFile)];
}

/**
 * Returns the flags with each named checkpoint among the variants, unless a variant runs on it already: whoever names a
 * checkpoint wants to see its row. Without `--variants`, named checkpoints alone are measured.
 */
export function measuringNamed(flags: RunFlags): RunFlags {
  const named = [...checkpointsOf(flags.checkpoint ?? []).keys()].filter((name) => name.includes(":"));
  const given = flags.variants?.split(",").map((each) => each.trim()) ?? [];
  const runsOn = (name: string) => given.some((each) => each === name || `/${each}/`.includes(`/${name}/`));
  const added = named.filter((name) => !runsOn(name));
  return added.length === 0 ? flags : { ...flags, variants: [...given, ...added].join(",") };
}

/** Returns the value of a flag. Throws HarnessError where it is no whole number, or too small. */
export function atLeast(least: number, flag: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new HarnessError(`${flag}: must be a whole number`, { found: String(value), expected: `at least ${least}` });
}

function listOf(flag: string, text: string): readonly string[] {
  const names = text.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));
  if (names.length === 0) throw new HarnessError(`${flag}: names nothing`, { expected: "names set apart by commas" });
  return names;
}
