import type { OnnxGraph } from "../../api.ts";
import type { BuiltVariant } from "../../build/build.ts";
import type { Command } from "../../commands/terminal/command.ts";
import { settingOptions } from "../../commands/terminal/planFlags.ts";
import { HarnessError } from "../../errors.ts";
import { benchmark, benchmarkOptions } from "./benchmark.ts";
import type { Candidate, Feed } from "./candidate.ts";
import { candidateWay } from "./candidateWay.ts";
import { askedVariant, buildSeeded } from "./seeded.ts";

export const decode: Command = {
  name: "decode",
  describe: "Boxes by a few a call, as variants decode them, against a call each of the published decoder",
  arguments: [],
  options: {
    ...benchmarkOptions,
    prompts: { describe: "boxes", type: "number", default: 16 },
    "a-call": {
      describe: "boxes in one call: what a variant takes for decoders that look at 4,096 places",
      type: "number",
      default: 4,
    },
  },
  examples: [["npm run perf -- decode --variant sam-vit-b --a-call 16", "all boxes in one call"]],
  moreOptions: settingOptions,
  async run(args, console) {
    const variant = await askedVariant(args);
    const fused = await buildSeeded(variant, "fused");
    const reference = await buildSeeded(variant, "reference");
    const prompts = args.prompts as number;
    const aCall = args["a-call"] as number;
    if (!(aCall >= 1 && prompts % aCall === 0))
      throw new HarnessError("--a-call: does not divide --prompts", {
        found: aCall,
        expected: `a divisor of ${prompts}`,
      });
    const boxes = (count: number) => ({
      point_coords: { dims: [count, 2, 2], low: 0, high: variant.preset.input.side },
      point_labels: { dims: [count, 2], low: 2, high: 2 },
    });
    /** Steps of one image: what its prompts share, where that is a graph of its own, and the decoder. */
    const steps = ({ files, graphs }: BuiltVariant, count: number, calls: number): Candidate["steps"] => {
      const decoder = { file: files.decoder!, feeds: { ...imageFeeds(graphs.decoder!), ...boxes(count) }, calls };
      const shared = graphs["decoder-image"];
      if (shared === undefined) return [decoder];
      return [{ file: files["decoder-image"]!, feeds: imageFeeds(shared), calls: 1 }, decoder];
    };
    const batched = { name: `fused, ${aCall} a call`, steps: steps(fused, aCall, prompts / aCall) };
    const single = { name: "reference, one by one", steps: steps(reference, 1, prompts) };
    await benchmark([batched, single].map(candidateWay), args, console);
    return 0;
  },
};

/** Returns noise for all inputs of fixed dimensions: they are about the image, while those of prompts are of any number. */
function imageFeeds({ inputs }: OnnxGraph): Readonly<Record<string, Feed>> {
  const ofImage = inputs.filter(({ dims }) => dims.every((dim) => typeof dim === "number"));
  return Object.fromEntries(ofImage.map(({ name, dims }) => [name, { dims: dims as number[], low: -1, high: 1 }]));
}
