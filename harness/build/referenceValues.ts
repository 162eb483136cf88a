import { readFileSync } from "node:fs";
import type { Checkpoint } from "../api.ts";
import { HarnessError } from "../errors.ts";

/** The input is a tensor of the seeded scheme, times `scale`, plus `offset`. */
export interface SeededInput {
  readonly tensor: string;
  readonly scale: number;
  readonly offset: number;
  readonly shape: readonly number[];
}

/** A sampled output: it holds some values at flat indices, and the spread that errors are measured by. */
export interface Expected {
  readonly shape: readonly number[];
  readonly std: number;
  readonly index: readonly number[];
  readonly value: readonly number[];
}

type Outputs = Readonly<Record<string, Expected>>;

interface FixturePrompts {
  readonly points: readonly (readonly (readonly [number, number])[])[];
  readonly labels: readonly (readonly number[])[];
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

type Json = Readonly<Record<string, unknown>>;

/** Reads a fixture. Throws HarnessError naming the file and the field that is missing or of another kind. */
export function readFixture(file: string): Fixture {
  const json = parse(file);
  const field = <T>(name: string, kind: string, holds: (value: unknown) => boolean): T => {
    if (holds(json[name])) return json[name] as T;
    throw new HarnessError(`${file}: field ${name} is ${json[name] === undefined ? "missing" : "malformed"}`, {
      expected: kind,
    });
  };
  const input = field<SeededInput>("input", "{ tensor, scale, offset, shape }", isSeededInput);
  const outputs = outputsOf(file, json);
  if (Object.keys(outputs).length === 0)
    throw new HarnessError(`${file}: no output to compare with`, {
      expected: "fields with shape, std, index and value",
    });
  const fixture = {
    image_size: field<number>("image_size", "a number of pixels", (value) => typeof value === "number"),
    input,
    stateDict: field<Fixture["stateDict"]>("state_dict", "{ name: shape }", isShapes),
    outputs,
  };
  const expectedShape = [1, 3, fixture.image_size, fixture.image_size];
  if (input.shape.join() !== expectedShape.join())
    throw new HarnessError(`${file}: field input has the wrong shape`, { found: input.shape, expected: expectedShape });
  if (json.points === undefined && json.labels === undefined) return fixture;
  const points = field<FixturePrompts["points"]>("points", "[prompts][points][x, y]", isPoints);
  const labels = field<FixturePrompts["labels"]>("labels", "one number a point", (value) => isLabels(value, points));
  const prompts = { points, labels };
  if (json.mask_input === undefined && json.with_mask_input === undefined) return { ...fixture, prompts };
  const maskInput = field<SeededInput>("mask_input", "{ tensor, scale, offset, shape }", isSeededInput);
  const withMaskInput = outputsOf(file, field<Json>("with_mask_input", "outputs with the mask input", isRecord));
  return { ...fixture, prompts: { ...prompts, maskInput, withMaskInput } };
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

function parse(file: string): Json {
  try {
    const json: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (isRecord(json)) return json as Json;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const problem =
      code === undefined ? "is not JSON" : code === "ENOENT" ? "does not exist" : `can not be read (${code})`;
    throw new HarnessError(`${file}: the fixture ${problem}`, { cause: error });
  }
  throw new HarnessError(`${file}: the fixture is no JSON object`);
}

/**
 * Returns the outputs, sampled ones and small ones that are written out whole. Throws HarnessError for an object that is
 * neither.
 */
function outputsOf(file: string, json: Json): Outputs {
  const names = Object.keys(json).filter((name) => !notOutputs.has(name));
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = json[name];
      if (isSampled(value)) return [[name, value]];
      if (isRecord(value))
        throw new HarnessError(`${file}: field ${name} is malformed`, { expected: "shape, std, index and value" });
      return isNumbers(value) ? [[name, sampleOf(value)]] : [];
    }),
  );
}

const notOutputs = new Set(["points", "labels", "input", "mask_input", "state_dict", "with_mask_input"]);

function sampleOf(nested: Nested): Expected {
  const shape: number[] = [];
  for (let level: Nested | number = nested; Array.isArray(level); level = level[0]!) shape.push(level.length);
  const value = flatten(nested);
  const mean = value.reduce((sum, each) => sum + each, 0) / value.length;
  const std = Math.sqrt(value.reduce((sum, each) => sum + (each - mean) ** 2, 0) / value.length);
  return { shape, std, index: value.map((_, i) => i), value };
}

type Nested = readonly (number | Nested)[];

function flatten(nested: Nested): number[] {
  return nested.flatMap((each) => (typeof each === "number" ? [each] : flatten(each)));
}

function isNumbers(value: unknown): value is Nested {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "number" || isNumbers(each));
}

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => typeof each === "number");
}

function isShapes(value: unknown): boolean {
  return isRecord(value) && Object.values(value as Json).every(isShape);
}

/** Returns whether the prompts have one length, so that they can be fed as one batch. */
function isPoints(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  const lengths = new Set(value.map((prompt) => (Array.isArray(prompt) ? prompt.length : 0)));
  return lengths.size === 1 && !lengths.has(0) && value.flat().every((point) => isShape(point) && point.length === 2);
}

function isLabels(value: unknown, points: FixturePrompts["points"]): boolean {
  if (!Array.isArray(value) || value.length !== points.length) return false;
  return value.every((labels, i) => isShape(labels) && labels.length === points[i]!.length);
}

function isSampled(value: unknown): value is Expected {
  const { shape, std, index, value: values } = (value ?? {}) as Partial<Expected>;
  return [shape, index, values].every(isShape) && typeof std === "number" && index!.length === values!.length;
}

function isSeededInput(value: unknown): boolean {
  const { tensor, scale, offset, shape } = (value ?? {}) as Partial<SeededInput>;
  return typeof tensor === "string" && typeof scale === "number" && typeof offset === "number" && isShape(shape);
}
