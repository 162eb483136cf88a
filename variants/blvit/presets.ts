import type { NanoWeights, VariantManifest } from "../../harness/api.ts";
import { samInput, samMask } from "../sam/presets.ts";
import { sizesAt } from "../sam-decoder/presetSizes.ts";
import { type BlvitConfig, blvitConfigs } from "./config.ts";
import { type BlvitSettings, defaultPruneRatio, parseSettings, pruneRatioOf, settingText } from "./settings.ts";

type PresetId = keyof typeof blvitConfigs;

/** Preset of the SAM whose blocks are the P-blocks. */
const performance: Readonly<Record<PresetId, string>> = {
  "blvit/b+t": "sam-vit-b",
  "blvit/h+b": "sam-vit-h",
  "blvit-nano": "sam-nano",
};

const titles: Readonly<Record<PresetId, string>> = {
  "blvit/b+t": "big.LITTLE ViT B+T",
  "blvit/h+b": "big.LITTLE ViT H+B",
  "blvit-nano": "big.LITTLE ViT nano",
};

const paper = {
  title: "big.LITTLE Vision Transformer for Efficient Visual Recognition",
  arxiv: "2410.10267",
  year: 2024,
};

const notes = [
  "no weights and no code were released; a checkpoint needs the names of variants/blvit/README.md, and SAM's decoder",
  "the formulas of fusion and score gating are known from summaries only: README.md says what was decided",
];
const toy =
  "big.LITTLE ViT's architecture at toy size, distilled from sam-nano for this project: not a model to segment with";
const nanoWeights: NanoWeights = { file: "blvit-nano.safetensors", untrained: ["mask-input"] };

export const blvitPresets: readonly VariantManifest[] = ids().map((id) => manifest(id, id, defaultPruneRatio));

/** Returns the manifest of a listed preset with a setting behind it. Throws HarnessError where the setting is wrong. */
export function blvitPresetOf(id: string): VariantManifest | undefined {
  const parts = splitId(id);
  if (parts?.setting === undefined) return undefined;
  const { preset, setting } = parts;
  const { pruneRatio, performanceFrom } = parseSettings(id, setting, performance[preset]);
  const base = manifest(preset, id, pruneRatio);
  const ratio = `${(100 * (1 - pruneRatio)).toFixed(0)} % of each window's tokens go through P-blocks`;
  if (performanceFrom === undefined) return { ...base, base: preset, notes: [...base.notes, ratio] };
  const mixture = `P-blocks, patch embedding, neck and decoder of ${performanceFrom}, all else seeded: for latency and memory`;
  return { ...base, base: performanceFrom, remainder: "seeded", notes: [...base.notes, ratio, mixture] };
}

/** Returns the id with the flags `--prune-ratio` and `--p-from` in it; what they leave out stays as it was. */
export function withBlvitOptions(id: string, values: Readonly<Record<string, string>>): string {
  const { preset, setting } = partsOf(id);
  const before = settingsOf(id);
  const ratio = values["prune-ratio"];
  const from = values["p-from"] ?? before.performanceFrom;
  const after = {
    pruneRatio: ratio === undefined ? before.pruneRatio : pruneRatioOf("--prune-ratio", ratio),
    performanceFrom: from,
  };
  const text = settingText(after);
  parseSettings(preset, text, performance[preset]);
  return setting === undefined && text === settingText({ pruneRatio: defaultPruneRatio }) ? id : `${preset}/${text}`;
}

export function settingsOf(id: string): BlvitSettings {
  const { preset, setting } = partsOf(id);
  return setting === undefined ? { pruneRatio: defaultPruneRatio } : parseSettings(id, setting, performance[preset]);
}

export function configOf(id: string, side?: number): BlvitConfig {
  const config = blvitConfigs[partsOf(id).preset];
  return { ...config, sam: sizesAt(config.sam, { id, side, multipleOf: config.sam.patch }) };
}

function manifest(preset: PresetId, id: string, pruneRatio: number): VariantManifest {
  const nano = preset === "blvit-nano";
  const described: VariantManifest = {
    id,
    title: titles[preset],
    paper,
    size: nano ? "nano" : "full",
    mask: samMask,
    lacks: [],
    input: { ...samInput, side: blvitConfigs[preset].sam.side },
    alternativeTo: performance[preset],
    setting: { name: "share of tokens left out of P-blocks", value: pruneRatio },
    notes: nano ? [toy, ...notes] : notes,
  };
  return nano ? { ...described, nanoWeights } : described;
}

interface IdParts {
  readonly preset: PresetId;
  readonly setting?: string;
}

function splitId(id: string): IdParts | undefined {
  const preset = ids().find((known) => id === known || id.startsWith(`${known}/`));
  if (preset === undefined) return undefined;
  return id === preset ? { preset } : { preset, setting: id.slice(preset.length + 1) };
}

function partsOf(id: string): IdParts {
  const parts = splitId(id);
  if (parts === undefined) throw new Error(`no big.LITTLE ViT preset is named ${id}`);
  return parts;
}

function ids(): readonly PresetId[] {
  return ["blvit/b+t", "blvit/h+b", "blvit-nano"];
}
