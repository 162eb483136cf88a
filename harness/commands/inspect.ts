import type { DeclaredValue, GraphSignature } from "../api.ts";
import { fittingVariants } from "../build/weights/fit.ts";
import { type Misfit, nearestVariant } from "../build/weights/misfit.ts";
import { readSignature } from "../onnx/index.ts";
import { inertClassesOf, loadRegistry } from "../plan/plugins/registry.ts";
import { isBuffer, openTensorArchive, type StoredTensor, type TensorArchive } from "../weights/index.ts";
import { type Command, type Console, line } from "./terminal/command.ts";
import { printActivations } from "./text/activations.ts";
import { plainTable } from "./text/plainTable.ts";

export const inspect: Command = {
  name: "inspect",
  describe: "Show what a checkpoint file holds, and the variant it fits",
  arguments: [{ name: "file", describe: "a .pth, .pt or .safetensors file, or an .onnx graph" }],
  options: {
    json: { describe: "print one JSON object, with each tensor's first values, mean and std", type: "boolean" },
    activations: { describe: "ranges and histograms of what enters each layer of the encoder", type: "boolean" },
    images: { describe: "drawn scenes that --activations looks at", type: "number", default: 2 },
    chart: { describe: "also draw --activations: FILE.svg, or FILE.vl.json for the Vega editor", type: "string" },
    plugin: { describe: "also know the variants of this module", type: "string", list: true },
  },
  unused: [
    {
      when: "the file is an ONNX graph",
      holds: ({ file }) => String(file).endsWith(".onnx"),
      options: ["activations", "images", "chart", "plugin"],
    },
    { when: "--activations is not given", holds: ({ activations }) => !activations, options: ["images", "chart"] },
  ],
  examples: [
    ["bench inspect sam_vit_b_01ec64.pth", "list its tensors and name the variant"],
    ["bench inspect decoder.onnx", "what a graph takes and gives, for bench run --variant-files"],
    ["bench inspect model.safetensors --json", "the same for a script"],
    ["bench inspect model.safetensors --activations --chart ranges.svg", "what a quantiser has to cover"],
  ],
  async run(args, console) {
    if ((args.file as string).endsWith(".onnx")) {
      const signature = readSignature(args.file as string);
      if (args.json) line(console, JSON.stringify(signature));
      else printSignature(console, signature);
      return 0;
    }
    const registry = await loadRegistry(args.plugin as string[] | undefined);
    const archive = await openTensorArchive(args.file as string, { inert: inertClassesOf(registry) });
    try {
      const [variant] = await fittingVariants(registry, archive);
      const nearest = variant === undefined ? await nearestVariant(registry, archive) : undefined;
      if (args.activations) await printActivations(archive, variant, { registry, args, console });
      else if (args.json) printJson(console, archive, { variant, nearest });
      else printText(console, archive, { variant, nearest });
      return 0;
    } finally {
      archive.close();
    }
  },
};

/** What bench run --variant-files tells layouts by. */
function printSignature(console: Console, { file, inputs, outputs, externalFiles }: GraphSignature): void {
  const rows = (kind: string, values: readonly DeclaredValue[]) =>
    values.map(({ name, type, dims }) => [kind, name, type, dims === undefined ? "open" : `[${dims.join(", ")}]`]);
  line(console, `file     ${file}`);
  line(console, "format   ONNX");
  line(console, `weights  ${externalFiles.length === 0 ? "in it" : `in ${externalFiles.join(", ")}`}`);
  line(console, "");
  line(console, plainTable(["", "name", "type", "shape"], [...rows("input", inputs), ...rows("output", outputs)]));
}

interface Fit {
  readonly variant: string | undefined;
  /** Where no variant fits, and one nearly does. */
  readonly nearest: Misfit | undefined;
}

function printText(console: Console, archive: TensorArchive, { variant, nearest }: Fit): void {
  const tensors = [...archive.tensors.values()];
  line(console, `file        ${archive.file}`);
  line(console, `format      ${archive.format}`);
  line(console, `nesting     ${archive.nesting === "" ? "none" : archive.nesting}`);
  line(console, `variant     ${variant ?? fitsNone(nearest)}`);
  line(console, `tensors     ${tensors.length}`);
  line(console, `parameters  ${parameters(tensors).toLocaleString("en-US")}`);
  line(console, "");
  if (nearest !== undefined) line(console, `${misfitTable(nearest)}\n`);
  line(
    console,
    plainTable(
      ["tensor", "dtype", "shape"],
      tensors.map(({ name, dtype, dims }) => [name, dtype, `[${dims.join(", ")}]`]),
    ),
  );
}

function fitsNone(nearest: Misfit | undefined): string {
  if (nearest === undefined) return "fits none that is known";
  const { variant, missing, extra, misshaped } = nearest;
  return `fits none that is known; the nearest is ${variant}: ${missing.length} missing, ${extra.length} extra, ${misshaped.length} of another shape`;
}

function misfitTable({ variant, missing, extra, misshaped }: Misfit): string {
  const shape = (dims: readonly number[]) => `[${dims.join(", ")}]`;
  return plainTable(
    [`not ${variant}`, "tensor", "found", "expected"],
    [
      ...missing.map(({ name, expected }) => ["missing", name, "", shape(expected)]),
      ...extra.map(({ name, found }) => ["extra", name, shape(found), ""]),
      ...misshaped.map(({ name, found, expected }) => ["shape", name, shape(found), shape(expected)]),
    ],
  );
}

function parameters(tensors: readonly StoredTensor[]): number {
  return tensors
    .filter(({ name }) => !isBuffer(name))
    .reduce((sum, { dims }) => sum + dims.reduce((product, dim) => product * dim, 1), 0);
}

function printJson(console: Console, archive: TensorArchive, { variant, nearest }: Fit): void {
  const { file, format, nesting, tensors } = archive;
  const described = [...tensors.values()].map(({ name, dtype, dims, unreadable }) => {
    if (unreadable) return { name, dtype, shape: dims, unreadable };
    const values = archive.values(name);
    const first = [...values.subarray(0, 4)].map((value) => (dtype === "bool" ? value === 1 : value));
    return { name, dtype, shape: dims, first, ...moments(values) };
  });
  const result = {
    file,
    format,
    nesting,
    variant: variant ?? null,
    ...(nearest === undefined ? {} : { nearest }),
    parameters: parameters([...tensors.values()]),
    tensors: described,
  };
  line(console, JSON.stringify(result));
}

/** Population standard deviation; both absent for a tensor without elements, which JSON shows as missing keys. */
function moments(values: Float64Array): { mean?: number; std?: number } {
  if (values.length === 0) return {};
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) };
}
