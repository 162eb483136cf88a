import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import generator from "./fixtures/generator.json" with { type: "json" };
import { beyondBounds, type GeneratorMasks, generatedMasks } from "./fixtures/generator.ts";
import { type LoadedNano, loadNano } from "./fixtures/loadedNano.ts";

let nano: LoadedNano;
beforeAll(async () => {
  nano = await loadNano("sam-nano");
});
afterAll(() => nano.close());

test.each(Object.entries(generator.settings))(
  "the masks that stay are those of the authors' generator, %s",
  async (setting, expected) => {
    const file = fileURLToPath(new URL(`../../datasets/photos/images/${generator.photo.file}`, import.meta.url));
    const kept = await generatedMasks(nano, file, setting);
    expect(beyondBounds(kept, expected as unknown as GeneratorMasks)).toEqual([]);
  },
);
