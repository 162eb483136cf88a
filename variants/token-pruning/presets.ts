import type { ModelLookup, Paper, VariantManifest } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import type { SamConfig, samConfigs } from "../sam/config.ts";
import { samPresets } from "../sam/presets.ts";

export type PruningMethod = "evit" | "evovit";

export interface Pruning {
  readonly method: PruningMethod;
  readonly sam: keyof typeof samConfigs;
  /** Share of each window's tokens that stay tokens of their own. */
  readonly keepRate: number;
}

const defaults = {
  /** Share at which big.LITTLE ViT's paper compares these methods: a quarter of the tokens. */
  keepRate: 0.25,
};
const lowest = 0.05;

const titles: Readonly<Record<PruningMethod, string>> = { evit: "EViT", evovit: "Evo-ViT" };
const papers: Readonly<Record<PruningMethod, Paper>> = {
  evit: {
    title: "Not All Patches are What You Need: Expediting Vision Transformers via Token Reorganizations",
    arxiv: "2202.07800",
    year: 2022,
  },
  evovit: {
    title: "Evo-ViT: Slow-Fast Token Evolution for Dynamic Vision Transformer",
    arxiv: "2108.01390",
    year: 2021,
  },
};
const rules: Readonly<Record<PruningMethod, string>> = {
  evit: "ranked once, by the attention they receive; a window's others are fused into one, whose value they get back before the neck",
  evovit:
    "ranked anew after each global block, by the attention they receive; a window's others gain what a token that stands for them gains",
};

export const pruningPresets: readonly VariantManifest[] = (["evit", "evovit"] as const).flatMap((method) =>
  samPresets.map(({ id }) => pruningPresetOf(`${method}/${id}`)!),
);

/** Returns the manifest of an id. Throws HarnessError for a model that these methods are not written for. */
export function presetOf(id: string, modelOf: ModelLookup): VariantManifest | undefined {
  const own = pruningPresetOf(id);
  const [method, ...base] = id.split("/") as [string, ...string[]];
  if (own !== undefined || !Object.hasOwn(titles, method) || modelOf(base.join("/")) === undefined) return own;
  throw new HarnessError(`${id}: ranks tokens by the attention of SAM's own encoder, which ${base.join("/")} has not`, {
    hint: `it runs on ${samPresets.map((preset) => preset.id).join(", ")}`,
  });
}

/** Returns the manifest of `evit/<SAM preset>` or `evovit/<SAM preset>`, perhaps with a keep rate behind it: `/k0.5`. */
export function pruningPresetOf(id: string): VariantManifest | undefined {
  const pruning = pruningOf(id);
  if (pruning === undefined) return undefined;
  const { method, sam, keepRate } = pruning;
  const base = samPresets.find((each) => each.id === sam)!;
  return {
    id,
    title: `${titles[method]} on ${base.title}`,
    paper: papers[method],
    size: base.size,
    base: base.id,
    input: base.input,
    mask: base.mask,
    lacks: base.lacks,
    setting: { name: "share of tokens kept", value: keepRate },
    notes: [
      ...base.notes,
      `${(100 * keepRate).toFixed(0)} % of each window's tokens go on after the first global block, ${rules[method]}`,
      "without training, on SAM's weights; the papers prune classifiers by their class token, which SAM lacks",
    ],
  };
}

/** Reads an id; returns nothing where it is none of these. Throws HarnessError where its setting is wrong. */
export function pruningOf(id: string): Pruning | undefined {
  const [method, sam, ...rest] = id.split("/");
  if ((method !== "evit" && method !== "evovit") || !samPresets.some((each) => each.id === sam)) return undefined;
  const preset = { method, sam: sam as keyof typeof samConfigs } as const;
  if (rest.length === 0) return { ...preset, keepRate: defaults.keepRate };
  const text = /^k(.+)$/.exec(rest.join("/"))?.[1];
  if (text === undefined)
    throw new HarnessError(`${id}: not a setting of ${titles[method]}`, {
      found: rest.join("/"),
      expected: "a keep rate, like k0.25",
    });
  return { ...preset, keepRate: keepRateOf(id, text) };
}

/** Returns the id with the flag `--keep-rate` in it. */
export function withKeepRate(id: string, values: Readonly<Record<string, string>>): string {
  const pruning = pruningOf(id);
  const text = values["keep-rate"];
  if (pruning === undefined || text === undefined) return id;
  const keepRate = keepRateOf("--keep-rate", text);
  const plain = `${pruning.method}/${pruning.sam}`;
  return keepRate === defaults.keepRate ? plain : `${plain}/k${keepRate}`;
}

/** Returns how many of a window's tokens are kept; at least one is left to be fused. */
export function keptCount(tokens: number, keepRate: number): number {
  return Math.min(tokens - 1, Math.max(1, Math.round(tokens * keepRate)));
}

/**
 * Returns the blocks that rank tokens: the first windowed one after each global one; EViT's tokens do not come back, so it
 * ranks once.
 */
export function rankingBlocks({ globalBlocks, depth }: SamConfig, method: PruningMethod): readonly number[] {
  const after = globalBlocks
    .map((block) => block + 1)
    .filter((block) => block < depth && !globalBlocks.includes(block));
  return method === "evit" ? after.slice(0, 1) : after;
}

function keepRateOf(subject: string, text: string): number {
  const rate = Number(text);
  if (/^\d*\.?\d+$/.test(text) && rate >= lowest && rate <= 1) return rate;
  throw new HarnessError(`${subject}: the keep rate is out of range`, {
    found: text,
    expected: `a number from ${lowest} to 1`,
  });
}
