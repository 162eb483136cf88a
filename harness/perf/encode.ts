import { availableParallelism } from "node:os";
import type { GraphKind } from "../api.ts";
import { type BuiltVariant, buildVariant } from "../build/build.ts";
import { calibrationFor } from "../build/calibration.ts";
import { executedGmacs } from "../build/gmacs.ts";
import type { Arguments, Command } from "../commands/terminal/command.ts";
import { settingOptions } from "../commands/terminal/planFlags.ts";
import { HarnessError } from "../errors.ts";
import type { Option } from "../plan/options.ts";
import { loadRegistry, type RegisteredVariant, variantOf } from "../plan/plugins/registry.ts";
import { settingsOf, withSettings } from "../plan/settings.ts";
import { seededCheckpoint } from "../weights/index.ts";
import type { Contender } from "./contender.ts";
import { type DuelOptions, duel } from "./duel.ts";
import { givenEncoder } from "./given.ts";

export const duelOptions: Readonly<Record<string, Option>> = {
  variant: { describe: "id of the variant, on seeded weights", type: "string", default: "sam-nano" },
  rounds: { describe: "measured turns of each", type: "number", default: 10 },
  warmup: { describe: "turns before that, not counted", type: "number", default: 2 },
  threads: { describe: "threads of the runtime", type: "number", default: availableParallelism() },
  apart: { describe: "one process after the other, where both do not fit into memory", type: "boolean" },
};

export function readDuelOptions(args: Readonly<Record<string, unknown>>): DuelOptions {
  return {
    rounds: args.rounds as number,
    warmup: args.warmup as number,
    threads: args.threads as number,
    order: args.apart ? "one after the other" : "interleaved",
  };
}

/** The variant of `--variant`, with the settings of its method. */
export async function contestant(args: Arguments): Promise<RegisteredVariant> {
  const registry = await loadRegistry();
  const given = Object.entries(args).filter(([, value]) => typeof value === "string") as [string, string][];
  const names = new Set(settingsOf(registry).map(({ name }) => name));
  const settings = Object.fromEntries(given.filter(([name]) => names.has(name)));
  const [id] = withSettings(registry, [args.variant as string], settings);
  return variantOf(registry, id!);
}

/** Its graphs on seeded weights; calibrated first where the method needs that. */
export async function buildSeeded(variant: RegisteredVariant, graph: GraphKind): Promise<BuiltVariant> {
  const seeded = { variant, checkpoint: seededCheckpoint(), weightsId: "seeded 1" };
  const calibration = await calibrationFor({
    ...seeded,
    registry: await loadRegistry(),
    runtime: { provider: "cpu", threads: availableParallelism() },
    progress: () => undefined,
    note: () => undefined,
    signal: new AbortController().signal,
  });
  return buildVariant({ ...seeded, graph, calibration: calibration?.values });
}

export const encode: Command = {
  name: "encode",
  describe: "The fused encoder against the published one, operator for operator; a method's against its base's",
  arguments: [],
  options: {
    ...duelOptions,
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
    const variant = await contestant(args);
    const { id, base, alternativeTo = base } = variant.preset;
    const own = await contender(variant, "fused", alternativeTo === undefined ? "fused" : id);
    const given = args["variant-files"] as readonly string[] | undefined;
    const opponent = given === undefined ? opponentOf(variant, args.against) : givenEncoder(given);
    await duel([own, await opponent], readDuelOptions(args), console);
    return 0;
  },
};

async function opponentOf(variant: RegisteredVariant, against: unknown): Promise<Contender> {
  const { id, base, alternativeTo = base } = variant.preset;
  if (alternativeTo === undefined && against === "base")
    throw new HarnessError(`--against base: ${id} changes no other variant`, { hint: "--against reference" });
  if (against === "reference" || (alternativeTo === undefined && against === undefined))
    return contender(variant, "reference", "reference");
  const other = against === undefined || against === "base" ? alternativeTo! : (against as string);
  return contender(variantOf(await loadRegistry(), other), "fused", other);
}

async function contender(variant: RegisteredVariant, graph: GraphKind, called: string): Promise<Contender> {
  const { side } = variant.preset.input;
  const built = await buildSeeded(variant, graph);
  const { encode: gmacs } = executedGmacs([built.graphs.encoder!]);
  const image = { dims: [1, 3, side, side], low: -2, high: 2 };
  return {
    name: `${called} (${gmacs.toFixed(gmacs < 10 ? 2 : 0)} GMACs)`,
    steps: [{ file: built.files.encoder!, feeds: { image }, calls: 1 }],
  };
}
