import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { openWeights } from "./weights/openedWeights.ts";

const registry = await loadRegistry();
const trained = [...registry.variants.values()].filter(({ preset }) => preset.nanoWeights !== undefined);

test("five small architectures have trained weights", () => {
  const ids = trained.map(({ preset }) => preset.id).sort();
  expect(ids).toEqual(["blvit-nano", "efficientsam-nano", "mobilesam-nano", "sam-lightening-nano", "sam-nano"]);
});

test.each(trained)(
  "the trained weights of $preset.id have every tensor that its graphs take and no other",
  async (variant) => {
    const { file } = variant.preset.nanoWeights!;
    const weights = { source: "nano", file: join(variant.folder, file) } as const;
    const { checkpoint, record } = await openWeights({ variant, weights }, registry);
    checkpoint.close();
    expect(record).toMatchObject({ source: "nano", file, label: `${file}, trained for this project` });
  },
);

test.each(trained)("the trained weights of $preset.id have a card beside them", ({ preset, folder }) => {
  expect(existsSync(join(folder, preset.nanoWeights!.file.replace(".safetensors", ".md")))).toBe(true);
});

test.each(trained)(
  "$preset.id takes no mask input, or says that its weights were never trained on one",
  ({ preset }) => {
    const missing = [...preset.lacks, ...preset.nanoWeights!.untrained];
    expect(missing).toContain("mask-input");
  },
);
