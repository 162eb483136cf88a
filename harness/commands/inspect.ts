import { bestFit } from "../build/weights/misfit.ts";
import { readSignature } from "../onnx/index.ts";
import { inertClassesOf, loadRegistry } from "../plan/plugins/registry.ts";
import { openTensorArchive } from "../weights/index.ts";
import { headings } from "./headings.ts";
import { type Command, line, listOf } from "./terminal/command.ts";
import { printActivations } from "./text/models/activations.ts";
import { checkpointJson, checkpointText, signatureText } from "./text/models/checkpoint.ts";

export const inspect: Command = {
  ...headings.inspect,
  options: {
    json: { describe: "print one JSON object, with each tensor's first values, mean and std", type: "boolean" },
    tensors: { describe: "also list every tensor with its type and shape", type: "boolean" },
    activations: { describe: "ranges and histograms of what enters each layer of the encoder", type: "boolean" },
    images: { describe: "drawn scenes that --activations looks at", type: "number", default: 2 },
    chart: { describe: "also draw --activations: FILE.svg, or FILE.vl.json for the Vega editor", type: "string" },
    plugin: { describe: "also know the variants of this module", type: "string", list: true },
  },
  unused: [
    {
      when: "the file is an ONNX graph",
      holds: ({ file }) => String(file).endsWith(".onnx"),
      options: ["tensors", "activations", "images", "chart", "plugin"],
    },
    { when: "--activations is not given", holds: ({ activations }) => !activations, options: ["images", "chart"] },
  ],
  examples: [
    ["bench inspect sam_vit_b_01ec64.pth", "name the variant that it fits"],
    ["bench inspect decoder.onnx", "what a graph takes and gives, for bench run --variant-files"],
    ["bench inspect model.safetensors --json", "the same for a script"],
    ["bench inspect model.safetensors --activations --chart ranges.svg", "what a quantiser has to cover"],
  ],
  async run(args, console) {
    if ((args.file as string).endsWith(".onnx")) {
      const signature = readSignature(args.file as string);
      line(console, args.json ? JSON.stringify(signature) : signatureText(signature));
      return 0;
    }
    const registry = await loadRegistry(listOf(args, "plugin"));
    const archive = await openTensorArchive(args.file as string, { inert: inertClassesOf(registry) });
    try {
      const fit = await bestFit(registry, archive);
      // Variants of equal names and shapes have one encoder: what enters its layers is the same.
      const measured = fit.variant ?? fit.fitting[0];
      if (args.activations) await printActivations(archive, measured, { registry, args, console });
      else if (args.json) line(console, JSON.stringify(checkpointJson(archive, fit)));
      else line(console, checkpointText(archive, fit, args.tensors ? "tensors" : undefined));
      return 0;
    } finally {
      archive.close();
    }
  },
};
