import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Checkpoint } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { checked, parseJson } from "../foreign.ts";
import { errorCode } from "../store/disk/disk.ts";
import type { Immutable } from "../store/fields.ts";

const numbers = z.array(z.number());

/** The input is a tensor of the seeded scheme, times `scale`, plus `offset`. */
const seededInput = z.object({ tensor: z.string(), scale: z.number(), offset: z.number(), shape: numbers });

/** A sampled output holds some values at flat indices, and the spread that errors are measured by. */
const sampled = z
  .object({ shape: numbers, std: z.number(), index: numbers, value: numbers })
  .refine(({ index, value }) => index.length === value.length, { message: "another number of values than of indices" });

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

const network = z.object({ image_size: z.number(), input: seededInput, state_dict: z.record(z.string(), numbers) });

export type SeededInput = Immutable<z.infer<typeof seededInput>>;
export type Expected = Immutable<z.infer<typeof sampled>>;
type Outputs = Readonly<Record<string, Expected>>;
type Json = Readonly<Record<string, unknown>>;

interface FixturePrompts extends Immutable<z.infer<typeof prompted>> {
  readonly maskInput?: SeededInput;
  readonly withMaskInput?: Outputs;
}

export interface Fixture {
  readonly image_size: number;
  readonly input: SeededInput;
  readonly stateDict: Readonly<Record<string, readonly number[]>>;
  readonly outputs: Outputs;
  readonly prompts?: FixturePrompts;
}

/** Reads a fixture. Throws HarnessError naming the file and the field that is missing or of another kind. */
export function readFixture(file: string): Fixture {
  const fields = checked(json, parseJson(textOf(file), file), file);
  const { image_size, input, state_dict: stateDict } = checked(network, fields, file);
  const expectedShape = [1, 3, image_size, image_size];
  if (input.shape.join() !== expectedShape.join())
    throw new HarnessError(`${file}: field input has the wrong shape`, { found: input.shape, expected: expectedShape });
  const outputs = outputsOf(file, fields);
  if (Object.keys(outputs).length === 0)
    throw new HarnessError(`${file}: no output to compare with`, {
      expected: "fields with shape, std, index and value",
    });
  return { image_size, input, stateDict, outputs, prompts: promptsOf(file, fields) };
}

function promptsOf(file: string, fields: Json): FixturePrompts | undefined {
  if (fields.points === undefined && fields.labels === undefined) return undefined;
  const prompts = checked(prompted, fields, file);
  if (fields.mask_input === undefined && fields.with_mask_input === undefined) return prompts;
  const { mask_input: maskInput, with_mask_input: outputs } = checked(masked, fields, file);
  return { ...prompts, maskInput, withMaskInput: outputsOf(file, outputs) };
}

/** Returns a checkpoint with the scheme's weights, but only in the names and shapes of the published checkpoint. */
export function withShapesOf(checkpoint: Checkpoint, { stateDict }: Fixture, label: string): Checkpoint {
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
      return checkpoint.take(name, dims);
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

/**
 * Returns the outputs, sampled ones and small ones that are written out whole. Throws HarnessError for an object that is
 * neither.
 */
function outputsOf(file: string, fields: Json): Outputs {
  const named = Object.entries(fields).filter(([name]) => !notOutputs.has(name));
  const objects = named.filter(([, value]) => json.safeParse(value).success);
  const samples = checked(z.record(z.string(), sampled), Object.fromEntries(objects), file);
  return Object.fromEntries(
    named.flatMap(([name, value]) => {
      const whole = nested.safeParse(value);
      const output = whole.success ? sampleOf(whole.data) : samples[name];
      return output === undefined ? [] : [[name, output]];
    }),
  );
}

const notOutputs = new Set(["points", "labels", "input", "mask_input", "state_dict", "with_mask_input"]);

type Nested = readonly (number | Nested)[];
const nested: z.ZodType<Nested> = z.lazy(() => z.array(z.union([z.number(), nested])).min(1));

function sampleOf(values: Nested): Expected {
  const shape: number[] = [];
  for (let level: Nested | number = values; typeof level !== "number"; level = level[0]!) shape.push(level.length);
  const value = flatten(values);
  const mean = value.reduce((sum, each) => sum + each, 0) / value.length;
  const std = Math.sqrt(value.reduce((sum, each) => sum + (each - mean) ** 2, 0) / value.length);
  return { shape, std, index: value.map((_, i) => i), value };
}

function flatten(values: Nested): number[] {
  return values.flatMap((each) => (typeof each === "number" ? [each] : flatten(each)));
}
