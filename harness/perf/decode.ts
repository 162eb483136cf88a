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
    const [, channels, grid] = reference.graphs.decoder!.inputs.find(({ name }) => name === "image_embedding")!
      .dims as number[];
    const prompts = args.prompts as number;
    const noise = (...dims: number[]): Feed => ({ dims, low: -1, high: 1 });
    const boxes = (count: number) => ({
      point_coords: { dims: [count, 2, 2], low: 0, high: variant.preset.input.side },
      point_labels: { dims: [count, 2], low: 2, high: 2 },
    });
    const image = { image_embedding: noise(1, channels!, grid!, grid!) };
    const tokens = noise(grid! * grid!, channels!);
    const batched: Candidate = {
      name: `fused, ${prompts} at once`,
      steps: [
        { file: fused.files["decoder-image"]!, feeds: image, calls: 1 },
        {
          file: fused.files.decoder!,
          feeds: { image_tokens: tokens, image_tokens_with_positions: tokens, ...boxes(prompts) },
          calls: 1,
        },
      ],
    };
    const single: Candidate = {
      name: "reference, one by one",
      steps: [{ file: reference.files.decoder!, feeds: { ...image, ...boxes(1) }, calls: prompts }],
    };
    await benchmark([batched, single], args, console);
    return 0;
  },
};
