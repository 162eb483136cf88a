import type { GraphKind } from "../api.ts";
import { executedGmacs } from "../build/gmacs.ts";
import type { Command } from "../commands/terminal/command.ts";
import { settingOptions } from "../commands/terminal/planFlags.ts";
import { HarnessError } from "../errors.ts";
import { loadRegistry, type RegisteredVariant, variantOf } from "../plan/plugins/registry.ts";
import { benchmark, benchmarkOptions } from "./benchmark.ts";
import type { Candidate } from "./candidate.ts";
import { givenEncoder } from "./given.ts";
import { askedVariant, buildSeeded } from "./seeded.ts";

export const encode: Command = {
  name: "encode",
  describe: "The fused encoder against the published one, operator for operator; a method's against its base's",
  arguments: [],
  options: {
    ...benchmarkOptions,
    against: {
      describe:
        "reference: the published operators; base: the fused graph that a method changes, its default; or another variant's id",
      type: "string",
    },
    "variant-files": {
      describe: "NAME=ENCODER.onnx,DECODER.onnx: against this encoder, as someone else exported it",
      type: "string",
      list: true,
    },
  },
  examples: [
    ["npm run perf -- encode --variant sam-vit-b --rounds 10", "time and peak memory, as ratios"],
    ["npm run perf -- encode --variant sparsevit/sam-vit-b --ratios 0.5,0.5,0.5,0.5", "pruned against whole"],
    [
      "npm run perf -- encode --variant sam-vit-b --variant-files theirs=encoder.onnx,decoder.onnx",
      "against an export",
    ],
  ],
  moreOptions: settingOptions,
  async run(args, console) {
    const variant = await askedVariant(args);
    const { id, base, alternativeTo = base } = variant.preset;
    const own = await encoderOf(variant, "fused", alternativeTo === undefined ? "fused" : id);
    const given = args["variant-files"] as readonly string[] | undefined;
    const other = given === undefined ? otherSide(variant, args.against) : givenEncoder(given);
    await benchmark([own, await other], args, console);
    return 0;
  },
};

async function otherSide(variant: RegisteredVariant, against: unknown): Promise<Candidate> {
  const { id, base, alternativeTo = base } = variant.preset;
  if (alternativeTo === undefined && against === "base")
    throw new HarnessError(`--against base: ${id} changes no other variant`, { hint: "--against reference" });
  if (against === "reference" || (alternativeTo === undefined && against === undefined))
    return encoderOf(variant, "reference", "reference");
  const other = against === undefined || against === "base" ? alternativeTo! : (against as string);
  return encoderOf(variantOf(await loadRegistry(), other), "fused", other);
}

async function encoderOf(variant: RegisteredVariant, graph: GraphKind, called: string): Promise<Candidate> {
  const { side } = variant.preset.input;
  const built = await buildSeeded(variant, graph);
  const { encode: gmacs } = executedGmacs([built.graphs.encoder!]);
  const image = { dims: [1, 3, side, side], low: -2, high: 2 };
  return {
    name: `${called} (${gmacs.toFixed(gmacs < 10 ? 2 : 0)} GMACs)`,
    steps: [{ file: built.files.encoder!, feeds: { image }, calls: 1 }],
  };
}
