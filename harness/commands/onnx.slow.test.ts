import { join } from "node:path";
import { expect, test } from "vitest";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { ownHome } from "./fixtures/ownHome.ts";
import { onnx } from "./onnx.ts";

const home = ownHome();
const registry = await loadRegistry();
const nano = [...registry.variants.values()].flatMap(({ preset, external }) =>
  preset.size === "nano" && preset.role !== "floor" && external === undefined ? [preset.id] : [],
);

/** Writes a variant and reads it back; returns what `--json` says. */
async function taken(variant: string, args: Readonly<Record<string, unknown>> = {}) {
  const console = memoryConsole();
  const out = join(home(), `${variant.replaceAll("/", "-")}-${args.layout ?? args.reference === true}`);
  expect(await onnx.run({ variant, weights: "auto", json: true, out, ...args }, console)).toBe(0);
  return JSON.parse(console.said.out);
}

test.each(nano)("%s is read back with equal masks", async (variant) => {
  const { masks, files } = await taken(variant);
  expect(masks).toMatchObject({ images: 3, prompts: ["box", "1p", "3p"] });
  expect(masks.masks).toBeGreaterThan(50);
  expect(masks.equal).toBe(masks.masks);
  expect(files.map(({ name }: { readonly name: string }) => name)).toContain("encoder.onnx");
});

test.each(["edgesam-nano", "blvit-nano", "evit/sam-nano", "ptq4sam/sam-nano/w8a8"])(
  "%s, in the folder of transformers.js, is read back with equal masks",
  async (variant) => {
    const { masks, layout } = await taken(variant, { layout: "transformers.js" });
    expect(layout).toBe("transformers.js");
    expect(masks).toMatchObject({ images: 3, prompts: ["1p", "3p"], masks: 80, equal: 80 });
  },
);

test.each(["sam-nano", "hq-sam-nano", "efficientsam-nano", "sam2.1-nano"])(
  "the published operators of %s are read back with equal masks",
  async (variant) => {
    const { masks } = await taken(variant, { reference: true });
    expect(masks.equal).toBe(masks.masks);
  },
);

test.each(["fastsam-s", "mobilesam"])(
  "%s is read back with equal masks, its weights in files of their own",
  async (variant) => {
    const { masks, files } = await taken(variant, { weights: "seeded" });
    expect(masks.equal).toBe(masks.masks);
    expect(files.map(({ name }: { readonly name: string }) => name)).toContain("encoder.weights");
  },
);
