import { calibrate, calibrationFile, calibrationRecord } from "../build/calibration.ts";
import { openWeights } from "../build/weights/openedWeights.ts";
import { calibrationPlan } from "../plan/calibrationPlan.ts";
import { drawnDataset, pickOptions } from "../plan/options.ts";
import { runtimeOf } from "../plan/point.ts";
import { headings } from "./headings.ts";
import { type Command, line } from "./terminal/command.ts";
import { exitCodes } from "./terminal/exitCodes.ts";
import { flagsOf, settingOptions, weightsUnused } from "./terminal/planFlags.ts";
import { createSteps } from "./terminal/steps.ts";

const shared = ["weights", "checkpoint", "data", "boxes", "image", "seed", "threads", "provider", "plugin"] as const;

export const quantize: Command = {
  ...headings.quantize,
  options: {
    from: { describe: "the variant that is quantised", type: "string", default: "sam-nano" },
    calibration: {
      describe:
        "dataset that the images are of: shapes draws scenes that no run scores; of coco and lvis, training photos",
      type: "string",
      default: drawnDataset,
    },
    "calibration-data": {
      describe: "folder of annotated photos to calibrate on, training photos or not; in place of --data",
      type: "string",
    },
    images: { describe: "how many, in the dataset's order; what the method asks for if left out", type: "number" },
    iterations: { describe: "of each unit, where a method learns", type: "number" },
    ...pickOptions(shared),
    json: { describe: "print one JSON object", type: "boolean" },
  },
  moreOptions: settingOptions,
  unused: [
    weightsUnused,
    { when: "the whole id is given", holds: ({ quantized }) => String(quantized).includes("/"), options: ["from"] },
  ],
  examples: [
    [
      "bench quantize ptq4sam --from sam-vit-b --bits w6a6 --calibration coco --data COCO",
      "on 32 training photos; then bench run --variants ptq4sam/sam-vit-b/w6a6",
    ],
    ["bench quantize ptq4sam --from sam-nano --bits w4a4 --method omse", "on drawn scenes, by another method"],
  ],
  async run(args, console) {
    const plan = await calibrationPlan(await flagsOf(args), {
      quantized: args.quantized as string,
      from: args.from as string,
      dataset: args.calibration as string,
      ownPhotos: args["calibration-data"] as string | undefined,
      images: args.images as number | undefined,
    });
    const { variant, weights } = plan.chosen[0]!;
    const stop = new AbortController();
    const onInterrupt = () => (stop.signal.aborted ? process.exit(exitCodes.interrupted.code) : stop.abort());
    process.on("SIGINT", onInterrupt);
    const opened = await openWeights({ variant, weights }, plan.registry);
    const steps = createSteps(console);
    const request = {
      variant,
      registry: plan.registry,
      runtime: runtimeOf(plan, plan.chosen[0]!),
      signal: stop.signal,
      checkpoint: opened.checkpoint,
      weightsId: opened.weightsId,
      note: steps.note,
      // A method that learns counts anew after its statistics: another total is another step.
      progress: (done: number, total: number, what: string) =>
        steps.follow(String(total), { total, unit: "steps" }).update(done, `${variant.preset.id}, ${what}`),
    };
    try {
      const options: Record<string, string> = {};
      if (args.iterations !== undefined) options.iterations = String(args.iterations);
      const stored = await calibrate(request, { dataset: plan.dataset, seed: plan.seed, options });
      steps.finish();
      const file = calibrationFile(request);
      const notes = (stored.values.notes ?? []) as readonly string[];
      const record = { variant: variant.preset.id, weights: opened.record, ...calibrationRecord(stored), file, notes };
      if (args.json) line(console, JSON.stringify(record));
      else {
        line(console, `${record.variant}: calibrated on ${record.images} images of ${record.dataset}`);
        for (const note of notes) line(console, `  ${note}`);
        line(console, `  kept in ${file}`);
        line(console, `measure it with: bench run --variants ${record.variant}`);
      }
      return 0;
    } finally {
      steps.finish();
      opened.checkpoint.close();
      process.off("SIGINT", onInterrupt);
    }
  },
};
