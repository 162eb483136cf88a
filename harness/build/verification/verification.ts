import type { NamedTensors, RawPrompts, RawVariant, Tensor } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { seededTensor } from "../../weights/index.ts";
import type { Expected } from "./referenceOutputs.ts";
import type { Fixture, SeededInput } from "./referenceValues.ts";

/** The error of one output says how far it lies from its reference values. */
export interface OutputError {
  readonly maxError: number;
  readonly std: number;
  readonly ratio: number;
}

/**
 * Returns the error of every output that the fixture has, by its name there; those with a mask input stand under
 * `with_mask_input.`.
 */
export async function referenceErrors(raw: RawVariant, fixture: Fixture): Promise<Record<string, OutputError>> {
  const encoded = await raw.encode(inputOf(fixture.input));
  if (fixture.prompts === undefined) return compareNamed(fixture.outputs, encoded);
  if (raw.decode === undefined) throw new HarnessError("the fixture has prompts, and the variant has no decoder graph");
  const { points, labels, maskInput, withMaskInput } = fixture.prompts;
  const prompts: RawPrompts = { points, labels };
  const comparisons = compareNamed(fixture.outputs, { ...encoded, ...(await raw.decode(encoded, prompts)) });
  if (maskInput === undefined || withMaskInput === undefined) return comparisons;
  const masked = compareNamed(withMaskInput, await raw.decode(encoded, { ...prompts, maskInput: inputOf(maskInput) }));
  for (const [name, comparison] of Object.entries(masked)) comparisons[`with_mask_input.${name}`] = comparison;
  return comparisons;
}

/**
 * Compares outputs by name. Throws HarnessError for an expected output that the variant does not give: what is not compared must
 * not pass.
 */
function compareNamed(
  expected: Readonly<Record<string, Expected>>,
  outputs: NamedTensors,
): Record<string, OutputError> {
  const pairs = Object.entries(expected).map(([name, values]) => {
    const output = outputs[name];
    if (output === undefined)
      throw new HarnessError(`output ${name} of the fixture is not one of the variant`, {
        expected: Object.keys(outputs).join(", "),
      });
    return [name, compare(name, values, output)] as const;
  });
  return Object.fromEntries(pairs);
}

function compare(name: string, expected: Expected, output: Tensor): OutputError {
  if (output.dims.join() !== expected.shape.join())
    throw new HarnessError(`output ${name} has the wrong shape`, { found: output.dims, expected: expected.shape });
  const errors = expected.index.map((at, i) => Math.abs(output.data[at]! - expected.value[i]!));
  // Math.max drops no NaN: a graph that gives one must not pass.
  const maxError = Math.max(...errors);
  // Values without any spread, such as the number of a token, are to be the same.
  return { maxError, std: expected.std, ratio: maxError <= (expected.step ?? 0) ? 0 : maxError / expected.std };
}

function inputOf({ tensor, scale, offset, shape }: SeededInput): Tensor {
  return { dims: shape, data: seededTensor(tensor, shape).map((value) => value * scale + offset) };
}
