import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Checkpoint } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { checked, parseJson } from "../../foreign.ts";
import { errorCode } from "../../store/disk/disk.ts";
import type { Immutable } from "../../store/schema/fields.ts";
import { scaledWeight } from "../../weights/index.ts";
import { type Outputs, outputsNamed, withStabilitySteps } from "./referenceOutputs.ts";

const numbers = z.array(z.number());

/** The input is a tensor of the seeded scheme, times `scale`, plus `offset`. */
const seededInput = z.object({ tensor: z.string(), scale: z.number(), offset: z.number(), shape: numbers });

/** Prompts have one length, so that they can be fed as one batch. */
const points = z
  .array(z.array(z.tuple([z.number(), z.number()])).min(1))
  .min(1)
  .refine((prompts) => new Set(prompts.map(({ length }) => length)).size === 1, {
    message: "prompts of several lengths",
  });

const json = z.record(z.string(), z.unknown());

const prompted = z
  .object({ points, labels: z.array(numbers) })
  .refine(({ points, labels }) => points.length === labels.length, {
    path: ["labels"],
    message: "another number of lists than of prompts",
  })
  .refine(({ points, labels }) => points.every(({ length }, i) => length === labels[i]?.length), {
    path: ["labels"],
    message: "another number of labels than of points",
  });

const masked = z.object({ mask_input: seededInput, with_mask_input: json });

/** Weights whose name begins and ends so are multiplied by a factor, as float32 numbers. */
const weightScale = z.object({ prefix: z.string(), suffix: z.string(), factor: z.number() });

const network = z.object({
  image_size: z.number(),
  /** Side of the frame of the prompts, where it is not the input's. */
  prompt_frame: z.number().optional(),
  /** Number of trained values; buffers are not counted. */
  parameters: z.number().optional(),
  weight_scale: weightScale.optional(),
  input: seededInput,
});

const flatNames = z.object({ state_dict: z.record(z.string(), numbers) });

export type SeededInput = Immutable<z.infer<typeof seededInput>>;
export type Shapes = Readonly<Record<string, readonly number[]>>;
type Json = Readonly<Record<string, unknown>>;

interface FixturePrompts extends Immutable<z.infer<typeof prompted>> {
  readonly maskInput?: SeededInput;
  readonly withMaskInput?: Outputs;
}

export interface Fixture extends Immutable<z.infer<typeof network>> {
  readonly stateDict: Shapes;
  readonly outputs: Outputs;
  readonly prompts?: FixturePrompts;
}

/** Reads a fixture. Throws HarnessError naming the file and the field that is missing or of another kind. */
export function readFixture(file: string): Fixture {
  const fields = checked(json, parseJson(textOf(file), file), file);
  const facts = checked(network, fields, file);
  const { image_size, input, parameters } = facts;
  const stateDict =
    fields.state_dict_tree === undefined
      ? checked(flatNames, fields, file).state_dict
      : shapesOfTree(fields.state_dict_tree, "state_dict_tree", file);
  requireParameters(stateDict, parameters, file);
  const expectedShape = [1, 3, image_size, image_size];
  if (input.shape.join() !== expectedShape.join())
    throw new HarnessError(`${file}: field input has the wrong shape`, { found: input.shape, expected: expectedShape });
  const outputs = outputsOf(file, fields);
  if (Object.keys(outputs).length === 0)
    throw new HarnessError(`${file}: no output to compare with`, {
      expected: "fields with shape, std, index and value",
    });
  return { ...facts, stateDict, outputs, prompts: promptsOf(file, fields) };
}

/** Returns names and shapes of a tree whose levels are the parts of the names between dots, and whose leaves are shapes. */
function shapesOfTree(tree: unknown, path: string, file: string): Shapes {
  const shapes: Record<string, readonly number[]> = {};
  for (const [part, value] of Object.entries(checked(json, tree, `${file}: ${path}`))) {
    if (Array.isArray(value)) shapes[part] = checked(numbers, value, `${file}: ${path}.${part}`);
    else
      for (const [rest, shape] of Object.entries(shapesOfTree(value, `${path}.${part}`, file)))
        shapes[`${part}.${rest}`] = shape;
  }
  return shapes;
}

/** Last parts of the names of tensors that are not trained. */
const buffers = new Set([
  "running_mean",
  "running_var",
  "num_batches_tracked",
  "positional_encoding_gaussian_matrix",
  "attention_bias_idxs",
  "pixel_mean",
  "pixel_std",
]);

/** Throws HarnessError where the shapes have another number of trained values than the fixture says. */
function requireParameters(shapes: Shapes, parameters: number | undefined, file: string): void {
  if (parameters === undefined) return;
  const trained = Object.entries(shapes).filter(([name]) => !buffers.has(name.slice(name.lastIndexOf(".") + 1)));
  const counted = trained.reduce((sum, [, shape]) => sum + shape.reduce((size, side) => size * side, 1), 0);
  if (counted === parameters) return;
  throw new HarnessError(`${file}: its shapes have another number of parameters than it says`, {
    found: counted,
    expected: parameters,
  });
}

function promptsOf(file: string, fields: Json): FixturePrompts | undefined {
  if (fields.points === undefined && fields.labels === undefined) return undefined;
  const prompts = checked(prompted, fields, file);
  if (fields.mask_input === undefined && fields.with_mask_input === undefined) return prompts;
  const { mask_input: maskInput, with_mask_input: outputs } = checked(masked, fields, file);
  return { ...prompts, maskInput, withMaskInput: outputsOf(file, outputs) };
}

/**
 * Returns a checkpoint with the scheme's weights, but only in the names and shapes of the published checkpoint, and scaled where
 * the fixture says so.
 */
export function withShapesOf(checkpoint: Checkpoint, fixture: Fixture, label: string): Checkpoint {
  const { stateDict } = fixture;
  return {
    ...checkpoint,
    dims: (name) => stateDict[name],
    take(name, dims) {
      const published = stateDict[name];
      if (published === undefined)
        throw new HarnessError(`${label}: the published checkpoint has no weight ${name}`, {
          hint: "is this another variant's fixture?",
        });
      if (published.join() !== dims.join())
        throw new HarnessError(`${label}: weight ${name} has the wrong shape`, {
          found: published,
          expected: dims,
          hint: "is this another variant's fixture?",
        });
      return scaledWeight(checkpoint.take(name, dims), fixture.weight_scale);
    },
  };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = errorCode(error);
    const problem = code === "ENOENT" ? "does not exist" : `can not be read (${code})`;
    throw new HarnessError(`${file}: the fixture ${problem}`, { cause: error });
  }
}

/** Returns the outputs of a fixture, or of its part with a mask input: all fields that are not input, weights or prose. */
function outputsOf(file: string, fields: Json): Outputs {
  const named = Object.entries(fields).filter(([name]) => !notOutputs.has(name));
  return withStabilitySteps(Object.assign({}, ...named.map(([name, value]) => outputsNamed(name, value, file))));
}

const notOutputs = new Set([
  "name",
  "note",
  "parameters",
  "image_size",
  "prompt_frame",
  "input",
  "points",
  "labels",
  "state_dict",
  "state_dict_tree",
  "weight_scale",
  "mask_input",
  "with_mask_input",
]);
