import { expect, test } from "vitest";
import type { VariantManifest, VariantPlugin } from "../api.ts";
import { type Registry, variantOf, weightsVariantOf } from "./plugins/registry.ts";
import { settingsOf, withSettings } from "./settings.ts";

const preset = (id: string, base?: string): VariantManifest => ({
  id,
  title: "A variant",
  paper: { title: "None", year: 2020 },
  size: "nano",
  input: { side: 8, fit: "pad", resize: "bilinear", padValue: 0, mean: [0, 0, 0], std: [1, 1, 1] },
  mask: { path: "direct", interpolation: "bilinear", threshold: ">0" },
  lacks: [],
  notes: [],
  base,
});
const unused = () => Promise.reject(new Error("not called here"));

/** `sam`, and a method that runs on it with a ratio as its setting. */
function registry(): Registry {
  const sam: VariantPlugin = { presets: [preset("sam")], build: unused, load: unused, loadRaw: unused };
  const pruned: VariantPlugin = {
    ...sam,
    presets: [preset("pruned/sam", "sam")],
    presetOf: (id) => (/^pruned\/sam\/[\d.-]+$/.test(id) ? preset(id, "sam") : undefined),
    options: [{ name: "ratios", describe: "share of windows left out" }],
    withOptions: (id, { ratios }) => `${id}/${ratios!.replaceAll(",", "-")}`,
  };
  const methods = [sam, pruned].map((plugin) => ({ plugin, file: "variant.ts", folder: "." }));
  const variants = methods.flatMap((method) =>
    method.plugin.presets.map((each) => [each.id, { preset: each, ...method }]),
  );
  return {
    variants: new Map(variants as [string, never][]),
    datasets: new Map(),
    datasetFiles: new Map(),
    protocols: [],
    metrics: [],
    methods,
  };
}

test("a setting becomes part of the id of the variants that have it", () => {
  const known = registry();
  expect(settingsOf(known).map(({ name }) => name)).toEqual(["ratios"]);
  expect(withSettings(known, ["sam", "pruned/sam"], { ratios: "0.5,0.2" })).toEqual(["sam", "pruned/sam/0.5-0.2"]);
  expect(withSettings(known, ["sam"], {})).toEqual(["sam"]);
});

test("a setting that no variant of the run has is an error", () => {
  expect(() => withSettings(registry(), ["sam"], { ratios: "0.5" })).toThrow(
    "--ratios: none of these variants has this setting (found sam)",
  );
});

test("an id with a setting is found by its plug-in, and runs on its base's weights", () => {
  const known = registry();
  const variant = variantOf(known, "pruned/sam/0.5-0.2");
  expect(variant.preset.id).toBe("pruned/sam/0.5-0.2");
  expect(weightsVariantOf(known, variant).preset.id).toBe("sam");
  expect(() => variantOf(known, "pruned/sam/x")).toThrow("unknown variant: pruned/sam/x");
});
