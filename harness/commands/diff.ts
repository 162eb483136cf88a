import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { diffGraphs, isSame } from "../diff/diff.ts";
import { diffMasks } from "../diff/masks.ts";
import type { SideContext } from "../diff/sides.ts";
import { homeFolder } from "../home.ts";
import { pickOptions } from "../plan/options.ts";
import { requireFigureFile } from "../report/charts/drawing/endings.ts";
import { removeUnused } from "../store/disk/unused.ts";
import { headings } from "./headings.ts";
import { type Arguments, type Command, line, note, widthOf } from "./terminal/command.ts";
import { diffInputs, diffSettings, openSides } from "./terminal/diffArguments.ts";
import { exitCodes } from "./terminal/exitCodes.ts";
import { interruptible } from "./terminal/interrupt.ts";
import { observeDiff } from "./terminal/observe.ts";
import { flagsOf, weightsUnused } from "./terminal/planFlags.ts";
import { diffText } from "./text/diff/diff.ts";
import { writeDiffChart } from "./text/diff/diffChart.ts";
import { diffJson } from "./text/diff/diffJson.ts";

const defaults = {
  /** The tolerance is that of bench verify: graphs of the same weights differ by a twentieth of it. */
  tolerance: 2e-4,
  limit: 4,
  prompts: "box,1p",
};

/** Options of a plan: what a variant is built from, and whose photos it is run on. */
const planOptions = [
  "weights",
  "checkpoint",
  "dataset",
  "data",
  "seed",
  "threads",
  "variant-files",
  "input",
  "onnx-names",
  "plugin",
] as const;

export const diff: Command = {
  ...headings.diff,
  options: {
    graph: {
      describe: "graph of a variant: fused, which is measured, or reference, the published operators; A,B for two",
      type: "string",
      default: "fused",
    },
    part: {
      describe: "graph of a variant: encoder, decoder or another that it writes",
      type: "string",
      default: "encoder",
    },
    provider: { describe: "execution provider of ONNX Runtime; A,B for two", type: "string", default: "cpu" },
    tolerance: {
      describe: "largest error of a tensor that counts as the same, over its std",
      type: "number",
      default: defaults.tolerance,
    },
    memory: {
      describe: "what a process may take: 8GB, 500MB; half of what is free if left out. Tensors go in groups that fit",
      type: "string",
    },
    dims: { describe: "NAME=NUMBER: value of an open dimension of the inputs", type: "string", list: true },
    rename: { describe: "NAME=NAME_IN_A: an input of B that A calls otherwise", type: "string", list: true },
    limit: { describe: "masks of the first N images of the dataset", type: "number", default: defaults.limit },
    prompts: { describe: "prompts of the masks", type: "string", default: defaults.prompts },
    masks: { describe: "also compare masks; --no-masks leaves them out", type: "boolean", default: true },
    chart: { describe: "also draw the error by depth: FILE.svg, .png, .pdf or .vl.json", type: "string" },
    wide: { describe: "all tensors, and the names of what is not compared", type: "boolean" },
    json: { describe: "print one JSON object", type: "boolean" },
    ...pickOptions(planOptions),
  },
  unused: [
    { when: "JSON, which holds everything, is printed", holds: ({ json }) => json === true, options: ["wide"] },
    { when: "masks are left out", holds: ({ masks }) => masks === false, options: ["prompts"] },
    weightsUnused,
    {
      when: "both sides are files",
      holds: ({ a, b }) => [a, b].every((operand) => String(operand).endsWith(".onnx")),
      options: ["graph", "part", "weights", "checkpoint", "dataset", "data", "limit", "prompts", "variant-files"],
    },
  ],
  examples: [
    [
      "bench diff export.onnx again.onnx",
      "two files: the first tensor that differs, by name; exit code 1 if there is one",
    ],
    [
      "bench diff sam-vit-b export.onnx --checkpoint sam-vit-b=sam_vit_b.pth",
      "our graph against an export of the same weights",
    ],
    ["bench diff sam-nano sam-nano --graph fused,reference --chart depth.svg", "what fusing changes, as a chart"],
    ["bench diff sam-nano sam-fast/sam-nano", "before and after quantisation, with the masks of 4 photos"],
    ["bench diff sam-nano sam-nano --provider cpu,webgpu", "what another provider computes"],
    [
      "bench diff a.onnx b.onnx --dims batch=1 --memory 4GB --json",
      "open dimensions, and groups of tensors that fit 4 GB",
    ],
  ],
  async run(args, console) {
    if (args.chart !== undefined) requireFigureFile(args.chart as string);
    const settings = diffSettings(args);
    const observer = observeDiff(console);
    return interruptible(observer, async (signal) => {
      const sides = await openSides(args, { flags: await planFlags(args), observer, signal });
      const { inputs, described } = await diffInputs(args, sides);
      const found = await inFolder((folder) => diffGraphs({ ...sides, ...settings, inputs, folder, observer, signal }));
      const masks = args.masks === false ? undefined : await diffMasks({ ...sides, signal, progress: observer.masks });
      observer.finish();
      const { a, b } = sides;
      const text = {
        diff: found,
        masks,
        sides: { a: `${a.title}, ${a.provider}`, b: `${b.title}, ${b.provider}` },
        inputs: described,
        rows: args.wide === true ? "all" : "few",
        ...widthOf(console),
      } as const;
      line(console, args.json ? JSON.stringify(diffJson(text)) : diffText(text));
      if (args.chart !== undefined) note(console, await writeDiffChart(args.chart as string, { a, b, found }));
      return exitCodes[isSame(found) ? "done" : "no"].code;
    });
  },
};

/** Returns the flags of a plan but the provider, which each side has its own of. */
async function planFlags(args: Arguments): Promise<SideContext["flags"]> {
  const { provider: _, ...rest } = args;
  return flagsOf(rest);
}

/** Gives a folder on the disk of the cache, because a folder of temporary files may be memory. What killed diffs left there goes. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const all = join(homeFolder(), "diff");
  removeUnused(all);
  const folder = join(all, `${randomUUID()}.partial-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
