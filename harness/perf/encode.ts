import { availableParallelism } from "node:os";
import type { Command, CommandOption } from "../commands/command.ts";
import { buildVariant } from "../run/build.ts";
import { loadRegistry, variantOf } from "../run/registry.ts";
import { seededCheckpoint } from "../weights/index.ts";
import { type DuelOptions, duel } from "./duel.ts";

export const duelOptions: Readonly<Record<string, CommandOption>> = {
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

export const encode: Command = {
  name: "encode",
  describe: "The fused encoder against the published one, operator for operator",
  arguments: [],
  options: duelOptions,
  examples: [["npm run perf -- encode --variant sam-vit-b --rounds 10", "time and peak memory, as ratios"]],
  async run(args, console) {
    const variant = variantOf(await loadRegistry(), args.variant as string);
    const { side } = variant.preset.input;
    const contender = async (graph: "fused" | "reference") => {
      const built = await buildVariant({ variant, checkpoint: seededCheckpoint(), weightsId: "seeded 1", graph });
      const image = { dims: [1, 3, side, side], low: -2, high: 2 };
      return { name: graph, steps: [{ file: built.files.encoder!, feeds: { image }, calls: 1 }] };
    };
    await duel([await contender("fused"), await contender("reference")], readDuelOptions(args), console);
    return 0;
  },
};
