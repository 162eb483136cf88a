import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { HarnessError } from "../errors.ts";
import { pickOptions } from "../plan/options.ts";
import { resolvePlan } from "../plan/plan.ts";
import { bookOf } from "../plan/plugins/book.ts";
import { precisionsOf } from "../plan/plugins/precisions.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { refuseUnusedFiles } from "../plan/unusedFlags.ts";
import { type Axis, axisKinds, parseAxes } from "../sweep/axes.ts";
import { type SweepFigures, sweepFigures } from "../sweep/figures.ts";
import { variantsOf } from "../sweep/points.ts";
import { runSweep } from "../sweep/sweep.ts";
import { headings } from "./headings.ts";
import { type Arguments, type Command, line, listOf, note, refuse, widthOf } from "./terminal/command.ts";
import { exitCodes } from "./terminal/exitCodes.ts";
import { interruptible } from "./terminal/interrupt.ts";
import { observe } from "./terminal/observe.ts";
import { flagsOf, weightsUnused } from "./terminal/planFlags.ts";
import { resultsOption } from "./terminal/runChoice.ts";
import { sweepPicture, sweepText } from "./text/sweep.ts";

const shared = [
  ...(["weights", "checkpoint", "dataset", "data", "limit", "image", "seed", "threads", "provider"] as const),
  ...(["accept-error", "rounds", "warmup", "quick", "thorough", "image-timeout", "variant-files", "plugin"] as const),
];

const axisNames = Object.entries(axisKinds).map(([name, { describe }]) => `${name} (${describe})`);

const changing = Object.entries(axisKinds).flatMap(([name, { accuracy }]) => (accuracy === "changes" ? [name] : []));

export const sweep: Command = {
  ...headings.sweep,
  options: {
    over: {
      describe: `AXIS=VALUE,VALUE,…, once or twice: ${axisNames.join(", ")}`,
      type: "string",
      repeated: true,
    },
    ...pickOptions(shared),
    prompts: { describe: "what accuracy is measured with, where an axis changes it", type: "string", default: "box" },
    results: resultsOption,
    out: { describe: "chart to write; its ending says how: .pdf, .svg, .png or .vl.json (Vega-Lite)", type: "string" },
    json: { describe: "print one JSON object instead of the table", type: "boolean" },
  },
  unused: [
    weightsUnused,
    {
      when: "the provider is cpu",
      holds: (args) => (args.provider ?? "cpu") === "cpu" && !isAxis(args, "provider"),
      options: ["accept-error"],
    },
    {
      when: "no axis changes the masks",
      holds: (args) => !changing.some((name) => isAxis(args, name)),
      options: ["prompts"],
    },
  ],
  examples: [
    ["bench sweep sam-nano --over batch=1,2,4,8", "images a second by batch, and where more of them stop to pay"],
    ["bench sweep sam-nano --over side=128,256,512 --out side.svg", "accuracy, time and memory by side, as a chart"],
    ["bench sweep mobilesam-nano --over batch=1,4,16 --over threads=1,2", "two axes: every batch with every thread"],
    ["bench sweep sam-nano --over precision=float,half,int8", "the same weights in float, in 16 bits and in 8"],
    ["bench sweep sam-nano --over provider=cpu,webgpu", "the same graphs on the processor and on a GPU"],
  ],
  async run(args, console) {
    const precisions = precisionsOf(await loadRegistry(listOf(args, "plugin")));
    const axes = parseAxes(listOf(args, "over"), precisions);
    refuseBoth(args, axes);
    const observer = observe(console);
    const flags = { ...(await flagsOf(args)), baseline: false };
    const variants = variantsOf(args.variant as string, axes, precisions);
    const plan = await resolvePlan({ ...flags, variants: variants.join(",") }, observer.note);
    refuseUnusedFiles(plan, flags);
    return interruptible(observer, async (signal) => {
      const request = { plan, axes, results: resolve(args.results as string), asPassed: process.argv.slice(2) };
      const outcome = await runSweep({ ...request, observer, signal });
      const options = { book: bookOf(plan.registry), plugins: listOf(args, "plugin"), seed: plan.seed };
      const figures = await sweepFigures(outcome, axes, options);
      observer.finish();
      line(console, args.json ? JSON.stringify(figures) : sweepText(figures, widthOf(console).width));
      if (outcome.stopped) {
        note(console, "stopped before the end; the same command goes on from here");
        return exitCodes.interrupted.code;
      }
      if (args.out !== undefined) {
        await writeSweepChart(
          args.out as string,
          figures,
          outcome.points.map(({ run }) => run.manifest.createdAt),
        );
        note(console, `${args.out}: written`);
      }
      return exitCodes[figures.points.some(({ status }) => status === "failed") ? "failed" : "done"].code;
    });
  },
};

function isAxis(args: Arguments, name: string): boolean {
  return listOf(args, "over").some((axis) => axis.startsWith(`${name}=`));
}

/** Throws HarnessError where a flag gives one value of what is swept. */
function refuseBoth(args: Arguments, axes: readonly Axis[]): void {
  for (const { name } of axes)
    if (name === "threads" || (name === "provider" && args.provider !== "cpu"))
      refuse(args, name, "is an axis of this sweep", "leave it out, or sweep something else");
}

async function writeSweepChart(out: string, figures: SweepFigures, created: readonly string[]): Promise<void> {
  // Vega takes a second to load.
  const { sweepChart } = await import("../report/charts/own/sweep.ts");
  const { figureFile } = await import("../report/charts/drawing/files.ts");
  // Dates of manifests are ISO 8601 in UTC, so the last in the order of letters is the newest.
  const date = new Date([...created].sort().at(-1)!);
  const content = await figureFile(sweepChart(sweepPicture(figures)), { file: out, theme: "light", date });
  await writeFile(out, content).catch((cause: NodeJS.ErrnoException) => {
    throw new HarnessError(`${out}: can not be written`, { found: cause.code, hint: "does its folder exist?", cause });
  });
}
