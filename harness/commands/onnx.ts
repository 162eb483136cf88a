import type { GraphKind } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { pickOptions } from "../plan/options.ts";
import { type LayoutName, layoutNames } from "../portable/layout.ts";
import { takeModel } from "../portable/portable.ts";
import { headings } from "./headings.ts";
import { type Command, line, widthOf } from "./terminal/command.ts";
import { exitCodes } from "./terminal/exitCodes.ts";
import { interruptible } from "./terminal/interrupt.ts";
import { observe } from "./terminal/observe.ts";
import { flagsOf, settingOptions, weightsUnused } from "./terminal/planFlags.ts";
import { createSteps } from "./terminal/steps.ts";
import { takenText } from "./text/models/onnx.ts";

const shared = ["weights", "checkpoint", "seed", "threads", "plugin"] as const;

export const onnx: Command = {
  ...headings.onnx,
  options: {
    out: {
      describe: "folder that is written: new, empty, or one that this command wrote, which is replaced whole",
      type: "string",
    },
    layout: {
      describe:
        "of the folder: model.json says how to feed the graphs, or SamModel of @huggingface/transformers reads it",
      type: "string",
      choices: layoutNames,
      default: "model.json",
    },
    reference: {
      describe: "write the published code's operators instead of the fused ones that are measured",
      type: "boolean",
    },
    ...pickOptions(shared),
    json: { describe: "print one JSON object", type: "boolean" },
  },
  moreOptions: settingOptions,
  unused: [weightsUnused],
  examples: [
    ["bench onnx sam-nano --out sam-nano-onnx", "encoder, decoder, model.json and LICENCE.txt, read back and compared"],
    ["bench onnx sam-vit-b --checkpoint sam-vit-b=sam_vit_b.pth --out b", "the fused graphs of your checkpoint"],
    ["bench onnx sam-fast/sam-nano --out int8", "a method: int8 as it is measured"],
    ["bench onnx sam-nano --layout transformers.js --out web", "what SamModel loads in a browser or in Node"],
    ["bench onnx sam-nano --reference --out published", "the published code's operators"],
  ],
  async run(args, console) {
    const folder = args.out as string | undefined;
    if (folder === undefined)
      throw new HarnessError("--out: the folder to write is needed", {
        hint: "bench onnx sam-nano --out sam-nano-onnx",
      });
    const flags = await flagsOf(args);
    const graph: GraphKind = args.reference === true ? "reference" : "fused";
    const layout = (args.layout ?? "model.json") as LayoutName;
    const steps = createSteps(console);
    const observer = observe(console, steps);
    return interruptible(observer, async (signal) => {
      const taken = await takeModel({
        variant: args.variant as string,
        graph,
        layout,
        folder,
        flags,
        observer,
        signal,
        progress: (step, done, total, what) => steps.follow(step, { total, unit: step }).update(done, what),
      });
      observer.finish();
      const { model, files, masks } = taken;
      line(
        console,
        args.json
          ? JSON.stringify({ folder, layout, variant: model.variant.id, files, masks, weights: model.weights })
          : takenText(taken, { folder, layout, ...widthOf(console) }),
      );
      return exitCodes[masks.first === undefined ? "done" : "no"].code;
    });
  },
};
