import { withRecognisedFiles } from "../../build/weights/recognise.ts";
import { HarnessError } from "../../errors.ts";
import type { WeightsChoice } from "../../plan/models/weights.ts";
import { type Option, planOptions } from "../../plan/options.ts";
import { loadRegistry } from "../../plan/plugins/registry.ts";
import { measuringNamed, type RunFlags } from "../../plan/runFlags.ts";
import { settingsOf } from "../../plan/settings.ts";
import { type Arguments, listOf, type UnusedOptions } from "./command.ts";

export const weightsUnused: UnusedOptions = {
  when: "weights are not from a checkpoint",
  holds: ({ weights }) => weights === "nano" || weights === "seeded",
  options: ["checkpoint"],
};

/** Cases in which an option of a plan has no effect. */
export const planUnused: readonly UnusedOptions[] = [
  weightsUnused,
  {
    when: "the provider is cpu",
    holds: ({ provider, runtime }) => (provider ?? "cpu") === "cpu" && (runtime ?? "node") === "node",
    options: ["accept-error"],
  },
];

/** Cases in which an option of latency has no effect: a command that measures it has them besides. */
export const latencyUnused: UnusedOptions = {
  when: "latency is not measured",
  holds: ({ phase, shard }) => phase === "accuracy" || shard !== undefined,
  options: ["cold-start", "energy"],
};

/** Names the options that say which models a command runs and on which weights, where it measures none of them. */
export const modelOptions = [
  "weights",
  "checkpoint",
  "threads",
  "variant-files",
  "input",
  "onnx-names",
  "external",
  "python",
  "seed",
  "plugin",
] as const;

/** Returns the options of the variants' plug-ins: `--ratios` and the like, and those of modules from outside. */
export async function settingOptions(plugins: readonly string[] = []): Promise<Readonly<Record<string, Option>>> {
  const options = settingsOf(await loadRegistry(plugins));
  return Object.fromEntries(options.map(({ name, describe }) => [name, { describe, type: "string" } as const]));
}

/** Returns options of which none has a default: what is not given is left to whoever reads them. */
export function withoutDefaults(options: Readonly<Record<string, Option>>): Readonly<Record<string, Option>> {
  return Object.fromEntries(Object.entries(options).map(([name, { default: _, ...option }]) => [name, option]));
}

/** Returns the flags of a run: those of a plan, with the checkpoints that have names of their own among the variants. */
export async function runFlagsOf(args: Arguments): Promise<RunFlags> {
  return measuringNamed(await flagsOf(args));
}

/** Returns the flags of a plan that are given, files recognised, with the settings of its variants. Throws HarnessError for a number that is none. */
export async function flagsOf(args: Arguments): Promise<RunFlags> {
  const settable = await settingOptions(listOf(args, "plugin"));
  const given = Object.entries(args).filter(([name, value]) => name in planOptions && value !== undefined);
  const settings = Object.entries(args).filter(([name, value]) => name in settable && value !== undefined);
  const flags = Object.fromEntries(given) as RunFlags & { readonly weights?: WeightsChoice };
  for (const [name, value] of given)
    if (typeof value === "number" && Number.isNaN(value)) throw new HarnessError(`--${name}: not a number`);
  const recognised = await withRecognisedFiles(flags);
  if (settings.length === 0) return recognised;
  return { ...recognised, settings: Object.fromEntries(settings) as Record<string, string> };
}
