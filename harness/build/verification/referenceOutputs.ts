import { z } from "zod";
import { checked } from "../../foreign.ts";
import type { Immutable } from "../../store/schema/fields.ts";

const numbers = z.array(z.number());

/** A sampled output holds some values at flat indices, and the spread that errors are measured by. */
const sampled = z
  .object({ shape: numbers, std: z.number(), index: numbers, value: numbers })
  .refine(({ index, value }) => index.length === value.length, { message: "another number of values than of indices" });

export interface Expected extends Immutable<z.infer<typeof sampled>> {
  /** Errors up to it are no errors; absent where each is one. */
  readonly step?: number;
}
export type Outputs = Readonly<Record<string, Expected>>;

const defaults = {
  /** The std of fewer values than these may be small by chance: their root mean square takes its place. */
  leastForStd: 8,
  /** Rows and columns of low-res masks, where a fixture has stability scores and no masks. */
  lowRes: [256, 256],
};

type Nested = readonly (number | Nested)[];
const nested: z.ZodType<Nested> = z.lazy(() => z.array(z.union([z.number(), nested])).min(1));
const record = z.record(z.string(), z.unknown());

/**
 * Returns the reference values of an output by their names: sampled values or those that are written out whole under the
 * output's own, those of a list under `name.0`, and those of a mode under the mode's settings,
 * `outputs[hq_token_only=false].masks`. Throws HarnessError for a value that is none of these, since it could not be compared.
 */
export function outputsNamed(name: string, value: unknown, file: string): Outputs {
  if (typeof value === "number") return { [name]: { shape: [], std: 0, index: [0], value: [value] } };
  const whole = nested.safeParse(value);
  if (whole.success) return { [name]: wholeOutput(whole.data) };
  // An empty list says that the model has none.
  if (Array.isArray(value)) return merged(value.map((each: unknown, i) => listedOutputs(name, i, each, file)));
  return checked(z.object({ [name]: sampled }), { [name]: value }, file);
}

/** Returns the outputs of an entry of a list. Its settings are single values; they name the entry, and a plug-in goes by them. */
function listedOutputs(name: string, place: number, entry: unknown, file: string): Outputs {
  const fields = record.safeParse(entry);
  if (!fields.success || "shape" in fields.data) return outputsNamed(`${name}.${place}`, entry, file);
  const all = Object.entries(fields.data);
  const isSetting = ([, value]: [string, unknown]) => typeof value === "boolean" || typeof value === "number";
  const settings = all.filter(isSetting).map(([setting, value]) => `${setting}=${value}`);
  const label = settings.length === 0 ? `.${place}` : `[${settings.toSorted().join(",")}]`;
  return merged(
    all
      .filter((each) => !isSetting(each))
      .map(([field, value]) => outputsNamed(`${name}${label}.${field}`, value, file)),
  );
}

function merged(all: readonly Outputs[]): Outputs {
  return Object.assign({}, ...all);
}

function wholeOutput(values: Nested): Expected {
  const shape: number[] = [];
  for (let level: Nested | number = values; typeof level !== "number"; level = level[0]!) shape.push(level.length);
  const value = flatten(values);
  const mean = value.reduce((sum, each) => sum + each, 0) / value.length;
  const spreadAround = (centre: number) =>
    Math.sqrt(value.reduce((sum, each) => sum + (each - centre) ** 2, 0) / value.length);
  const own = spreadAround(mean);
  // Values that are all the same, such as numbers of tokens, are to be given exactly.
  const std = own === 0 || value.length >= defaults.leastForStd ? own : spreadAround(0);
  return { shape, std, index: value.map((_, i) => i), value };
}

/**
 * Returns outputs of which stability scores may be off by one place of a low-res mask. A score is a ratio of two counts of places:
 * a logit that rounding takes across the threshold moves it by one, of at least half of them.
 */
export function withStabilitySteps(outputs: Outputs): Outputs {
  const [rows, columns] = (outputs.low_res_masks?.shape.slice(-2) ?? defaults.lowRes) as [number, number];
  const step = 2 / (rows * columns);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, output]) => [name, /\bstability_/.test(name) ? { ...output, step } : output]),
  );
}

function flatten(values: Nested): number[] {
  return values.flatMap((each) => (typeof each === "number" ? [each] : flatten(each)));
}
