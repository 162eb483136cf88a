import { availableParallelism } from "node:os";
import type { GraphKind, VariantPlugin } from "../api.ts";
import { buildVariant } from "../build/build.ts";
import { type Fixture, readFixture, withShapesOf } from "../build/verification/referenceValues.ts";
import { referenceErrors } from "../build/verification/verification.ts";
import { HarnessError } from "../errors.ts";
import { loadRegistry, type RegisteredVariant, variantOf } from "../plan/plugins/registry.ts";
import { seededCheckpoint, seededName } from "../weights/index.ts";
import { headings } from "./headings.ts";
import { type Command, line, listOf } from "./terminal/command.ts";
import { exitCodes } from "./terminal/exitCodes.ts";
import { verificationText } from "./text/models/verification.ts";

const defaults = { tolerance: 2e-4, provider: "cpu" };

export const verify: Command = {
  ...headings.verify,
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
    const variant = variantOf(await loadRegistry(listOf(args, "plugin")), args.variant as string);
    const loadRaw = rawLoaderOf(variant);
    const side = fixture.image_size === variant.preset.input.side ? undefined : fixture.image_size;
    requirePromptFrame(variant, fixture, args.fixture as string);
    const checkpoint = withShapesOf(seededCheckpoint(), fixture, args.fixture as string);
    const provider = args.provider as string;
    // Graphs of scaled weights are others, and none that a run without the scale may take.
    const weightsId = seededName(fixture.weight_scale);
    const built = await buildVariant({ variant, checkpoint, weightsId, graph, provider, side, outputs: "all" });
    const runtime = { provider, threads: args.threads as number };
    const raw = await loadRaw(built.files, runtime, variant.preset, { base: variant.base });
    try {
      const outputs = await referenceErrors(raw, fixture);
      const passed = Object.values(outputs).every(({ ratio }) => ratio <= tolerance);
      const title = `${variant.preset.id}, ${graph} graph on provider ${provider}, seeded weights`;
      if (args.json) line(console, JSON.stringify({ graph, provider, outputs, passed }));
      else line(console, verificationText(title, outputs, { passed, tolerance }));
      return exitCodes[passed ? "done" : "no"].code;
    } finally {
      await raw.close();
    }
  },
};

/** Throws HarnessError where the fixture's prompts are in another frame than the variant's. */
function requirePromptFrame({ preset }: RegisteredVariant, { prompts, prompt_frame }: Fixture, file: string): void {
  const { promptSide } = preset.input;
  if (prompts === undefined || prompt_frame === promptSide) return;
  throw new HarnessError(`${preset.id}: the prompts of ${file} are in another frame`, {
    found: prompt_frame ?? "the input's",
    expected: promptSide ?? "the input's",
  });
}

/** Throws HarnessError where the plug-in gives no outputs to compare. */
function rawLoaderOf({ plugin, preset, file }: RegisteredVariant): NonNullable<VariantPlugin["loadRaw"]> {
  if (plugin.loadRaw !== undefined) return plugin.loadRaw.bind(plugin);
  throw new HarnessError(`${preset.id}: its outputs can not be compared with reference values`, {
    found: `no loadRaw in ${file}`,
    hint: "loadRaw gives the graphs' outputs by the names of the fixture; variants/efficientsam/load.ts shows one",
  });
}
