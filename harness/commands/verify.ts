import { availableParallelism } from "node:os";
import type { GraphKind, NamedTensors, RawPrompts, RawVariant, Tensor } from "../api.ts";
import { buildVariant } from "../build/build.ts";
import { type Expected, type Fixture, readFixture, type SeededInput, withShapesOf } from "../build/referenceValues.ts";
import { HarnessError } from "../errors.ts";
import { loadRegistry, variantOf } from "../plan/plugins/registry.ts";
import { seededCheckpoint, seededTensor } from "../weights/index.ts";
import { type Command, type Console, line } from "./terminal/command.ts";
import { plainTable } from "./text/plainTable.ts";

const defaults = { tolerance: 2e-4, provider: "cpu" };

export const verify: Command = {
  name: "verify",
  describe: "Build a variant on seeded weights and compare its outputs with reference values",
  arguments: [
    { name: "variant", describe: "id of the variant" },
    { name: "fixture", describe: "JSON file with a seeded input, prompts and the outputs of the authors' code" },
  ],
  options: {
    graph: {
      describe: "the graph that is measured, or the published code's operators",
      type: "string",
      choices: ["fused", "reference"],
      default: "fused",
    },
    tolerance: {
      describe: "largest error allowed, over the output's std",
      type: "number",
      default: defaults.tolerance,
    },
    provider: { describe: "execution provider of ONNX Runtime", type: "string", default: defaults.provider },
    threads: { describe: "threads of the runtime", type: "number", default: availableParallelism() },
    json: { describe: "print one JSON object", type: "boolean" },
    plugin: { describe: "also know the variants of this module", type: "string", list: true },
  },
  examples: [
    ["bench verify sam-vit-b sam_vit_b.json", "exit code 1 if an output is off"],
    ["bench verify sam-nano sam_nano.json --graph reference --json", "the published operators, for a script"],
    ["bench verify sam-nano sam_nano.json --provider webgpu", "what a GPU makes of the graph that is measured there"],
  ],
  async run(args, console) {
    const fixture = readFixture(args.fixture as string);
    const graph = args.graph as GraphKind;
    const tolerance = args.tolerance as number;
    if (!(tolerance > 0)) throw new HarnessError("--tolerance: must be above 0", { found: String(tolerance) });
    if (!(Number.isInteger(args.threads) && (args.threads as number) > 0))
      throw new HarnessError("--threads: must be a whole number above 0", { found: String(args.threads) });
    const variant = variantOf(await loadRegistry(args.plugin as string[] | undefined), args.variant as string);
    const side = fixture.image_size === variant.preset.input.side ? {} : { side: fixture.image_size };
    const checkpoint = withShapesOf(seededCheckpoint(), fixture, args.fixture as string);
    const provider = args.provider as string;
    const built = await buildVariant({ variant, checkpoint, weightsId: "seeded 1", graph, provider, ...side });
    const runtime = { provider, threads: args.threads as number };
    const raw = await variant.plugin.loadRaw(built.files, runtime, variant.preset);
    try {
      const outputs = await compareAll(raw, fixture);
      const passed = Object.values(outputs).every(({ ratio }) => ratio <= tolerance);
      if (args.json) line(console, JSON.stringify({ graph, provider, outputs, passed }));
      else
        printTable(console, outputs, {
          passed,
          tolerance,
          title: `${variant.preset.id}, ${graph} graph on provider ${provider}, seeded weights`,
        });
      return passed ? 0 : 1;
    } finally {
      await raw.close();
    }
  },
};

interface Comparison {
  readonly maxError: number;
  readonly std: number;
  readonly ratio: number;
}

/** Every output that the fixture has, by its name there; those with a mask input under `with_mask_input.`. */
async function compareAll(raw: RawVariant, fixture: Fixture): Promise<Record<string, Comparison>> {
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

/** Throws HarnessError for an expected output that the variant does not give: what is not compared must not pass. */
function compareNamed(expected: Readonly<Record<string, Expected>>, outputs: NamedTensors): Record<string, Comparison> {
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

function compare(name: string, expected: Expected, output: Tensor): Comparison {
  if (output.dims.join() !== expected.shape.join())
    throw new HarnessError(`output ${name} has the wrong shape`, { found: output.dims, expected: expected.shape });
  const errors = expected.index.map((at, i) => Math.abs(output.data[at]! - expected.value[i]!));
  // Math.max drops no NaN: a graph that gives one must not pass.
  const maxError = Math.max(...errors);
  return { maxError, std: expected.std, ratio: maxError / expected.std };
}

function inputOf({ tensor, scale, offset, shape }: SeededInput): Tensor {
  return { dims: shape, data: seededTensor(tensor, shape).map((value) => value * scale + offset) };
}

interface Verdict {
  readonly passed: boolean;
  readonly tolerance: number;
  readonly title: string;
}

function printTable(
  console: Console,
  outputs: Record<string, Comparison>,
  { passed, tolerance, title }: Verdict,
): void {
  const rows = Object.entries(outputs).map(([name, { maxError, std, ratio }]) => [
    name,
    ...[maxError, std, ratio].map((value) => value.toExponential(2)),
    ratio <= tolerance ? "ok" : "off",
  ]);
  line(console, title);
  line(console, plainTable(["output", "max error", "std", "max error / std", ""], rows));
  line(console, passed ? `passed: all at most ${tolerance} of the std` : `failed: over ${tolerance} of the std`);
}
