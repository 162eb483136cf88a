import { calibrate, calibrationFile, calibrationRecord } from "../build/calibration.ts";
import { openWeights } from "../build/weights/openedWeights.ts";
import { HarnessError } from "../errors.ts";
import { withDetectorBoxes } from "../plan/detectorBoxes.ts";
import { drawnDataset, pickOptions } from "../plan/options.ts";
import { type RunFlags, type RunPlan, resolvePlan } from "../plan/plan.ts";
import { refuseUnusedFiles } from "../plan/unusedFlags.ts";
import { type Arguments, type Command, line } from "./terminal/command.ts";
import { interrupted } from "./terminal/interrupt.ts";
import { flagsOf, settingOptions, weightsUnused } from "./terminal/planFlags.ts";
import { createProgress } from "./terminal/progress.ts";

const shared = ["weights", "checkpoint", "data", "boxes", "image", "seed", "threads", "provider", "plugin"] as const;

export const quantize: Command = {
  name: "quantize",
  describe: "Calibrate a quantised variant on images, once; bench run then measures it",
  arguments: [{ name: "quantized", describe: "ptq4sam, or a whole id such as ptq4sam/sam-vit-b/w6a6" }],
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
    const plan = await planOf(args);
    const { variant, weights } = plan.chosen[0]!;
    const stop = new AbortController();
    const onInterrupt = () => (stop.signal.aborted ? process.exit(interrupted) : stop.abort());
    process.on("SIGINT", onInterrupt);
    const opened = await openWeights({ variant, weights }, plan.registry);
    let progress: ReturnType<typeof createProgress> | undefined;
    let steps = 0;
    const request = {
      ...{ variant, registry: plan.registry, runtime: plan.runtime, signal: stop.signal },
      ...{ checkpoint: opened.checkpoint, weightsId: opened.weightsId },
      note: (text: string) => void console.notes.write(`${text}\n`),
      progress(done: number, total: number, what: string) {
        // A method that learns counts anew after its statistics.
        if (total !== steps) {
          progress?.finish();
          progress = createProgress(console, { total, unit: "steps" });
          steps = total;
        }
        progress?.update(done, `${variant.preset.id}, ${what}`);
      },
    };
    try {
      const options = args.iterations === undefined ? {} : { iterations: String(args.iterations) };
      const stored = await calibrate(request, { dataset: plan.dataset, seed: plan.seed, options });
      progress?.finish();
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
      progress?.finish();
      opened.checkpoint.close();
      process.off("SIGINT", onInterrupt);
    }
  },
};

/** A run's plan for one variant, whose dataset is the calibration's. Throws HarnessError where it names several. */
async function planOf(args: Arguments): Promise<RunPlan> {
  const named = args.quantized as string;
  const images = args.images as number | undefined;
  if (images !== undefined && (!Number.isSafeInteger(images) || images < 1))
    throw new HarnessError("--images: no images to calibrate on", { found: images, expected: "at least 1" });
  const plan = await resolvePlan({
    ...(await flagsOf(args)),
    ...sourceOf(args),
    variants: named.includes("/") ? named : `${named}/${args.from}`,
    dataset: args.calibration as string,
    limit: images ?? 1,
    ...(args.boxes === undefined ? {} : { protocol: "ap-vitdet-argmax" }),
  });
  refuseUnusedFiles(plan, await flagsOf(args));
  if (plan.chosen.length !== 1)
    throw new HarnessError(`${named}: one variant is quantised at a time`, { found: plan.chosen.length });
  const asked = plan.chosen[0]!.variant.preset.calibration?.images;
  return images !== undefined || asked === undefined ? plan : withImages(plan, asked);
}

/** Photos that the user names for this are taken as they are; others must be of a training split. */
function sourceOf(args: Arguments): Pick<RunFlags, "data" | "purpose"> {
  const own = args["calibration-data"] as string | undefined;
  if (own === undefined) return { purpose: "calibration" };
  if (args.data === undefined) return { data: own };
  throw new HarnessError("--data, --calibration-data: both name the photos to calibrate on", {
    found: `${args.data}, ${own}`,
    hint: "give one of them",
  });
}

/** The plan with so many images of its dataset: what a method asks for is known once the variant is. */
async function withImages(plan: RunPlan, limit: number): Promise<RunPlan> {
  const datasetOptions = { ...plan.datasetOptions, limit };
  const opened = await plan.registry.datasets.get(plan.dataset.id)!.open(datasetOptions);
  const dataset = plan.boxes === undefined ? opened : await withDetectorBoxes(opened, plan.boxes);
  return { ...plan, dataset, datasetOptions };
}
