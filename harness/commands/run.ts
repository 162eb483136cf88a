import { resolve } from "node:path";
import { HarnessError } from "../errors.ts";
import { type RunFlags, type RunPlan, resolvePlan } from "../plan/plan.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { settingsOf } from "../plan/settings.ts";
import { refuseUnusedFiles } from "../plan/unusedFlags.ts";
import type { WeightsChoice } from "../plan/weights.ts";
import { resultJson, resultTable } from "../report/table/tables.ts";
import { type RunReport, reportOf } from "../results/report.ts";
import type { RunObserver, RunOutcome } from "../run/request.ts";
import { runPlan } from "../run/runner.ts";
import {
  type Arguments,
  type Command,
  type CommandOption,
  type Console,
  line,
  note,
  type UnusedOptions,
} from "./terminal/command.ts";
import { interrupted, interruptible } from "./terminal/interrupt.ts";
import { createProgress, type Progress, type ProgressOptions } from "./terminal/progress.ts";

/** What says which runs are meant; `doctor` takes the same. */
export const planOptions: Readonly<Record<string, CommandOption>> = {
  variants: { describe: "ids set apart by commas, or all, which is the default", type: "string" },
  preset: { describe: "preset file of a search, measured beside --variants", type: "string", list: true },
  weights: {
    describe:
      "auto: a checkpoint if one is here, else trained nano weights; a nano preset without them only where named",
    type: "string",
    choices: ["auto", "checkpoint", "nano", "seeded"],
    default: "auto",
  },
  checkpoint: { describe: "VARIANT=FILE, a .pth, .pt or .safetensors file", type: "string", list: true },
  dataset: { describe: "shapes (drawn, needs no download), coco, lvis or folder", type: "string", default: "shapes" },
  data: { describe: "folder with photos and annotations", type: "string" },
  prompts: { describe: "box,1p,3p (the default) or other names of bench list protocols", type: "string" },
  protocol: { describe: "all prompts of this evaluation protocol", type: "string" },
  boxes: { describe: "results file of a detector, whose boxes are prompted", type: "string" },
  limit: { describe: "the first N images of the dataset", type: "number" },
  image: { describe: "only this image id", type: "number", list: true },
  seed: { describe: "of prompts, scenes and orders", type: "number", default: 0 },
  threads: { describe: "threads of the runtime; all cores if left out", type: "number" },
  provider: { describe: "execution provider of ONNX Runtime", type: "string", default: "cpu" },
  "accept-error": {
    describe: "measure a provider whose outputs are over 2 % of their std off from the processor's",
    type: "boolean",
  },
  rounds: { describe: "latency samples of each variant", type: "number", default: 20 },
  warmup: { describe: "latency samples before that, not counted", type: "number", default: 3 },
  "variant-files": {
    describe: "NAME=ENCODER.onnx,DECODER.onnx: measure your own ONNX files under that name",
    type: "string",
    list: true,
  },
  input: {
    describe: "what the encoder of --variant-files takes; its first nodes decide if left out",
    type: "string",
    choices: ["raw", "normalised"],
  },
  plugin: { describe: "also know the variants and datasets of this module", type: "string", list: true },
  phase: { describe: "only this one; both if left out", type: "string", choices: ["accuracy", "latency"] },
  "image-timeout": {
    describe: "seconds an image may take in its worker; 20 times the slowest so far, at least 60, if left out",
    type: "number",
  },
  "allow-overlap": {
    describe: "also score variants on images that they were calibrated on; their rows then carry a warning",
    type: "boolean",
  },
  shard: { describe: "i/n: accuracy on every n-th image, for bench merge", type: "string" },
};

export const weightsUnused: UnusedOptions = {
  when: "weights are not from a checkpoint",
  holds: ({ weights }) => weights === "nano" || weights === "seeded",
  options: ["checkpoint"],
};

/** Where an option of a plan has no effect. */
export const planUnused: readonly UnusedOptions[] = [
  weightsUnused,
  { when: "the provider is cpu", holds: ({ provider }) => (provider ?? "cpu") === "cpu", options: ["accept-error"] },
];

/** Options of the variants' plug-ins: `--ratios` and the like. */
export async function settingOptions(): Promise<Readonly<Record<string, CommandOption>>> {
  const options = settingsOf(await loadRegistry());
  return Object.fromEntries(options.map(({ name, describe }) => [name, { describe, type: "string" } as const]));
}

export const run: Command = {
  name: "run",
  describe: "Measure variants: latency, memory and accuracy, as one table",
  arguments: [],
  options: {
    ...planOptions,
    dump: { describe: "tokens: a PNG of what the encoder kept of each --image", type: "string", choices: ["tokens"] },
    results: { describe: "folder that runs are kept in", type: "string", default: "results" },
    json: { describe: "print one JSON object instead of the table", type: "boolean" },
  },
  moreOptions: settingOptions,
  unused: planUnused,
  examples: [
    ["bench run --variants all", "everything whose weights are here, on drawn scenes"],
    [
      "bench run --variants sam-vit-b --checkpoint sam-vit-b=sam_vit_b_01ec64.pth --dataset coco --data COCO",
      "a checkpoint on COCO",
    ],
    [
      "bench run --variants all --dataset coco --data COCO --shard 1/8 --results shards/1",
      "an eighth, for bench merge",
    ],
    ["bench run --variants all --weights seeded --limit 3", "latency and memory at full size, without checkpoints"],
  ],
  async run(args, console) {
    const dump = args.dump as "tokens" | undefined;
    const observer = observe(console);
    const plan = await resolvePlan(
      { ...(await flagsOf(args)), ...(dump === undefined ? {} : { dump }) },
      observer.note,
    );
    refuseUnusedFiles(plan, await flagsOf(args));
    return interruptible(observer, async (signal) => {
      const results = resolve(args.results as string);
      const outcome = await runPlan({ plan, results, asPassed: process.argv.slice(2), observer, signal });
      observer.finish();
      return print(outcome, plan, args, console);
    });
  },
};

export async function flagsOf(args: Arguments): Promise<RunFlags> {
  const settable = await settingOptions();
  const given = Object.entries(args).filter(([name, value]) => name in planOptions && value !== undefined);
  const settings = Object.entries(args).filter(([name, value]) => name in settable && value !== undefined);
  const flags = Object.fromEntries(given) as RunFlags & { readonly weights?: WeightsChoice };
  for (const [name, value] of given)
    if (typeof value === "number" && Number.isNaN(value)) throw new HarnessError(`--${name}: not a number`);
  return settings.length === 0 ? flags : { ...flags, settings: Object.fromEntries(settings) as Record<string, string> };
}

async function print({ runs, stopped }: RunOutcome, plan: RunPlan, args: Arguments, console: Console): Promise<number> {
  const reports: RunReport[] = [];
  // One after the other: rows of one run in memory at a time.
  for (const each of runs) reports.push(await reportOf(each));
  if (args.json) line(console, JSON.stringify(resultJson(reports, plan.leftOut)));
  else line(console, resultTable(reports, { leftOut: plan.leftOut }));
  if (!stopped)
    return runs.some(({ manifest }, i) => manifest.status.state === "failed" || allFailed(reports[i]!)) ? 1 : 0;
  note(console, "stopped before the end; the same command goes on from here");
  return interrupted;
}

/** Not one image came to its end: there is no figure, though the run did end. */
function allFailed({ images }: RunReport): boolean {
  return images.failed > 0 && images.finished === 0;
}

/** One progress line for what is under way, and whole lines for the rest. */
export function observe(console: Console): RunObserver & { finish(): void } {
  let current: { readonly what: string; readonly progress: Progress } | undefined;
  const finish = () => {
    current?.progress.finish();
    current = undefined;
  };
  const follow = (what: string, options: ProgressOptions): Progress => {
    if (current?.what !== what) {
      finish();
      current = { what, progress: createProgress(console, options) };
    }
    return current.progress;
  };
  return {
    note: (text) => (current === undefined ? void note(console, text) : current.progress.note(text)),
    calibration: (variant, { done, total }) =>
      follow(`calibration ${variant}`, { total, unit: "steps" }).update(done, `calibrating ${variant}`),
    images: (variant, { done, total, image, before }) =>
      follow(variant, { total, unit: "images", from: before }).update(done, `${variant}, image ${image}`),
    rounds: (done, total, variant) => follow("latency", { total, unit: "turns" }).update(done, `latency, ${variant}`),
    finish,
  };
}
