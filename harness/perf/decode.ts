import type { OnnxGraph } from "../api.ts";
import type { BuiltVariant } from "../build/build.ts";
import type { Command } from "../commands/terminal/command.ts";
import { settingOptions } from "../commands/terminal/planFlags.ts";
import { benchmark, benchmarkOptions } from "./benchmark.ts";
import type { Candidate, Feed } from "./candidate.ts";
import { askedVariant, buildSeeded } from "./seeded.ts";

export const decode: Command = {
  name: "decode",
  describe: "A batch of boxes in one call against as many calls of the published decoder",
  arguments: [],
  options: { ...benchmarkOptions, prompts: { describe: "boxes in the batch", type: "number", default: 16 } },
  examples: [["npm run perf -- decode --variant sam-vit-b --prompts 64", "the batch of the everything mode"]],
  moreOptions: settingOptions,
  async run(args, console) {
    const variant = await askedVariant(args);
    const fused = await buildSeeded(variant, "fused");
    const reference = await buildSeeded(variant, "reference");
    const prompts = args.prompts as number;
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
    const batched = { name: `fused, ${prompts} at once`, steps: steps(fused, prompts, 1) };
    const single = { name: "reference, one by one", steps: steps(reference, 1, prompts) };
    await benchmark([batched, single], args, console);
    return 0;
  },
};

/** Returns noise for all inputs of fixed dimensions: they are about the image, while those of prompts are of any number. */
function imageFeeds({ inputs }: OnnxGraph): Readonly<Record<string, Feed>> {
  const ofImage = inputs.filter(({ dims }) => dims.every((dim) => typeof dim === "number"));
  return Object.fromEntries(ofImage.map(({ name, dims }) => [name, { dims: dims as number[], low: -1, high: 1 }]));
}
