import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Box, RgbImage } from "../api.ts";
import { prepareRun } from "../build/preparedRun.ts";
import { HarnessError } from "../errors.ts";
import type { ChosenVariant } from "../plan/models/weights.ts";
import { drawnDataset, pickOptions } from "../plan/options.ts";
import { type RunPlan, resolvePlan } from "../plan/plan.ts";
import { refuseUnusedFiles } from "../plan/unusedFlags.ts";
import { type Profile, profileGraph } from "../profile/profile.ts";
import { timedBoxes } from "../prompts/timedBoxes.ts";
import { headings } from "./headings.ts";
import { type Command, line, note, wholeNumber, widthOf } from "./terminal/command.ts";
import { interruptible } from "./terminal/interrupt.ts";
import { flagsOf, settingOptions, weightsUnused } from "./terminal/planFlags.ts";
import { createSteps, type Steps } from "./terminal/steps.ts";
import { barsOf, icicleOf, profileText } from "./text/models/profile.ts";

const defaults = { part: "encoder", rounds: 5, warmup: 2 };

const shared = [
  "weights",
  "checkpoint",
  "threads",
  "provider",
  "variant-files",
  "input",
  "onnx-names",
  "seed",
  "plugin",
] as const;

export const profile: Command = {
  ...headings.profile,
  options: {
    part: {
      describe: "the graph that is looked into: encoder, decoder, or another one of the variant's",
      type: "string",
      default: defaults.part,
    },
    rounds: { describe: "measured runs of the graph", type: "number", default: defaults.rounds },
    warmup: { describe: "runs before that, not counted", type: "number", default: defaults.warmup },
    ...pickOptions(shared),
    layers: { describe: "also print every layer", type: "boolean" },
    out: { describe: "folder for the profile as JSON and its two charts as Vega-Lite, SVG and PNG", type: "string" },
    json: { describe: "print one JSON object", type: "boolean" },
  },
  moreOptions: settingOptions,
  unused: [weightsUnused],
  examples: [
    [
      "bench profile sam-vit-b --weights seeded",
      "what is slow, by block and by operator, against what the machine reaches",
    ],
    ["bench profile sam-nano --part decoder --layers", "every layer of the mask decoder, for one box"],
    ["bench profile sam-fast/sam-vit-b --weights seeded --out where", "with charts in the folder where"],
    ["bench profile mine --variant-files mine=encoder.onnx,decoder.onnx", "your own files, by the names in them"],
  ],
  async run(args, console) {
    const given = {
      part: args.part as string,
      rounds: wholeNumber(args, "rounds", 1),
      warmup: wholeNumber(args, "warmup", 0),
    };
    // The command's own rounds are not those of a run.
    const { rounds: _, warmup: __, ...flags } = await flagsOf(args);
    const plan = await resolvePlan({
      ...flags,
      variants: args.variant as string,
      dataset: drawnDataset,
      limit: 1,
      // Nothing is scored: every variant takes a point, and some no box.
      prompts: "1p",
    });
    refuseUnusedFiles(plan, flags);
    const chosen = onlyOne(plan, args.variant as string);
    const steps = createSteps(console);
    return interruptible(steps, async (signal) => {
      const setup = await graphsOf(plan, chosen, { steps, signal });
      const sample = await drawnSample(plan);
      const progress = (done: number, total: number, what: string) =>
        steps.follow("profile", { total, unit: "turns" }).update(done, `${setup.variant}, ${what}`);
      const found = await profileGraph({ ...given, setup, sample, signal, progress });
      steps.finish();
      line(
        console,
        args.json
          ? JSON.stringify(found)
          : profileText(found, { ...widthOf(console), layers: args.layers === true ? "all" : "none" }),
      );
      if (args.out !== undefined) {
        await writeProfile(args.out as string, found);
        note(console, `${args.out}: profile.json, icicle and blocks written`);
      }
      return 0;
    });
  },
};

async function writeProfile(folder: string, found: Profile): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new HarnessError(`${folder}: can not be made`, { found: cause.code, cause });
  });
  await writeFile(join(folder, "profile.json"), `${JSON.stringify(found, undefined, 1)}\n`);
  // Vega takes a second to load.
  const [{ writeOwnCharts }, { profileBars }, { profileIcicle }] = await Promise.all([
    import("../report/charts/drawing/files.ts"),
    import("../report/charts/profile/bars.ts"),
    import("../report/charts/profile/icicle.ts"),
  ]);
  await writeOwnCharts(folder, { icicle: profileIcicle(icicleOf(found)), blocks: profileBars(barsOf(found)) });
}

/** Returns the variant of a plan. Throws HarnessError where there are several, or where it has no graph that the runtime here runs. */
function onlyOne({ chosen }: RunPlan, asked: string): ChosenVariant {
  const [first] = chosen;
  if (first === undefined || chosen.length > 1)
    throw new HarnessError(`${asked}: one variant is profiled at a time`, { found: chosen.length });
  const { variant, external, unanswered } = first;
  if (external !== undefined || unanswered !== undefined)
    throw new HarnessError(`${variant.preset.id}: another program runs it, so this runtime has no profile of it`, {
      hint: "profile it with that program's own tools; bench profile is for variants with graphs",
    });
  if (variant.preset.role === "floor")
    throw new HarnessError(`${variant.preset.id}: is a floor, and has no graph`, {
      hint: "bench list variants shows those that have one",
    });
  return first;
}

async function graphsOf(
  plan: RunPlan,
  chosen: ChosenVariant,
  { steps, signal }: { readonly steps: Steps; readonly signal: AbortSignal },
) {
  const { id } = chosen.variant.preset;
  const { setup } = await prepareRun(plan, chosen, [], {
    note: steps.note,
    signal,
    calibration: (done, total) =>
      steps.follow("calibration", { total, unit: "steps" }).update(done, `calibrating ${id}`),
    overlap: () => undefined,
  });
  return setup;
}

async function drawnSample({ dataset }: RunPlan): Promise<{ readonly photo: RgbImage; readonly box: Box }> {
  const { id, size } = dataset.images[0]!;
  return { photo: await dataset.read(id), box: timedBoxes(dataset, id, size)[0]! };
}
