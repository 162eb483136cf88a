import { basename, dirname, join } from "node:path";
import type {
  FileHints,
  GraphFiles,
  GraphSignature,
  RecognisedFiles,
  RuntimeOptions,
  Variant,
} from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import {
  modelFile,
  type PortableGraph,
  type PortableModel,
  readPortableModel,
  readSignature,
} from "../../harness/onnx/index.ts";
import { loaders } from "./loaders.ts";

/** A folder that `bench onnx` wrote, and what its `model.json` says. */
export interface PortableFolder {
  readonly folder: string;
  readonly model: PortableModel;
}

/**
 * Returns the folder in which these files lie and its `model.json`, where `bench onnx` wrote it; nothing for files of any other
 * origin. Throws HarnessError for a `model.json` that is damaged.
 */
export function portableFolderOf(files: readonly string[]): PortableFolder | undefined {
  const [first] = files;
  if (first === undefined) return undefined;
  const folder = dirname(first);
  const model = readPortableModel(folder);
  if (model === undefined) return undefined;
  const named = Object.values(model.graphs).map(({ file }) => file);
  const isIn = (file: string) => dirname(file) === folder && named.includes(basename(file));
  return files.every(isIn) ? { folder, model } : undefined;
}

/**
 * Returns the manifest of a model by its `model.json`, with all graphs that this names. Throws HarnessError where a graph is not as
 * it says, and for hints, since everything is known.
 */
export async function recognisePortable(
  name: string,
  { folder, model }: PortableFolder,
  { input, names = {} }: FileHints,
): Promise<RecognisedFiles> {
  const files = Object.fromEntries(Object.entries(model.graphs).map(([id, { file }]) => [id, join(folder, file)]));
  const signatures = Object.entries(model.graphs).map(([id, graph]) => requireAsTold(readSignature(files[id]!), graph));
  const values = signatures.flatMap(({ inputs, outputs }) => [...inputs, ...outputs].map((value) => value.name));
  const flag = input !== undefined ? "--input" : "--onnx-names";
  if (input !== undefined || values.some((value) => Object.hasOwn(names, value)))
    throw new HarnessError(`${name}: ${flag} says nothing of these files`, {
      found: `${modelFile} beside them, which says everything`,
      hint: `leave ${flag} out`,
    });
  const { variant, masks } = model;
  const { steps: _, ...spec } = model.input;
  const preset = {
    id: name,
    title: `${variant.title}, as ONNX files`,
    size: "full" as const,
    paper: variant.paper,
    input: spec,
    mask: { path: masks.path, interpolation: masks.interpolation, threshold: masks.threshold },
    lacks: variant.lacks,
    lackReasons: variant.lackReasons,
    maxPoints: variant.maxPoints,
    choosesUpTo: variant.choosesUpTo,
    everything: variant.everything,
    notes: [
      `graphs that bench onnx wrote of ${variant.id} (${model.weights.label}), taken as ${modelFile} beside them says`,
      ...variant.notes,
    ],
  };
  return { preset, files };
}

/** Loads the graphs as the model loads them that they were written of. */
export async function loadPortable(
  { model }: PortableFolder,
  files: GraphFiles,
  runtime: RuntimeOptions,
): Promise<Variant> {
  const { encodeBatch: _, ...variant } = await loaders[model.prompts.rules](files, runtime);
  return variant;
}

/** Throws HarnessError where a graph's inputs or outputs are others than `model.json` says. */
function requireAsTold(found: GraphSignature, { inputs, outputs }: PortableGraph): GraphSignature {
  const text = (values: readonly { readonly name: string; readonly dims?: readonly (number | string)[] }[]) =>
    values.map(({ name, dims }) => `${name} [${dims?.join(", ")}]`).join(", ");
  for (const [what, own, told] of [
    ["inputs", found.inputs, inputs],
    ["outputs", found.outputs, outputs],
  ] as const)
    if (text(own) !== text(told))
      throw new HarnessError(`${found.file}: its ${what} are not those of ${modelFile} beside it`, {
        found: text(own),
        expected: text(told),
        hint: "write the folder again: bench onnx VARIANT --out FOLDER",
      });
  return found;
}
