import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Variant } from "../api.ts";
import generator from "./fixtures/generator.json" with { type: "json" };
import { beyondBounds, type GeneratorMasks, generatedMasks } from "./fixtures/generator.ts";
import { type LoadedNano, loadNano } from "./fixtures/loadedNano.ts";

let nano: LoadedNano;
beforeAll(async () => {
  nano = await loadNano("sam-nano");
});
afterAll(() => nano.close());

const file = fileURLToPath(new URL(`../../datasets/photos/images/${generator.photo.file}`, import.meta.url));

test.each(Object.entries(generator.settings))(
  "the masks that stay are those of the authors' generator, %s",
  async (setting, expected) => {
    const kept = await generatedMasks(nano, file, setting);
    expect(beyondBounds(kept, expected as unknown as GeneratorMasks)).toEqual([]);
  },
);

test("the second pass of TinySAM's generator prompts as many places as the authors'", async () => {
  const { variant } = nano;
  let prompted = 0;
  const counting: Variant = {
    encode: (input) => variant.encode(input),
    decode(embedding, prompts) {
      prompted += prompts.length;
      return variant.decode(embedding, prompts);
    },
    close: async () => undefined,
  };
  await generatedMasks({ ...nano, variant: counting }, file, "hierarchical-32");
  const [first, second] = generator.settings["hierarchical-32"].points as [number, number];
  // A place whose logit lies on the threshold, to the rounding of sums, may fall on either side.
  expect(Math.abs(prompted - first - second)).toBeLessThanOrEqual(2);
});
