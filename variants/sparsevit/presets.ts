import type { VariantManifest } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { samConfigs } from "../sam/config.ts";
import { samPresets } from "../sam/presets.ts";
import { checkRatios, groupsOf, type Setting, stageOfGroups } from "./sparsity.ts";

const defaults = {
  /** Ratio where neither the id nor the flags give one: half of the windows in every stage. */
  ratio: 0.5,
  globalKeep: 1,
};

const prefix = "sparsevit/";
const paper = {
  title: "SparseViT: Revisiting Activation Sparsity for Efficient High-Resolution Vision Transformer",
  arxiv: "2303.17605",
  year: 2023,
};

/** SAM preset that is pruned, and the setting that says how. */
interface SparsePreset {
  readonly base: keyof typeof samConfigs;
  readonly setting: Setting;
}

export const sparsePresets: readonly VariantManifest[] = samPresets.map(({ id }) => manifestOf(`${prefix}${id}`)!);

/**
 * Returns the manifest of `sparsevit/<SAM preset>`, or of one with ratios behind it: `/0.5-0.5-0.6-0.6`,
 * `/0.5-0.5-0.6-0.6-g0.7`.
 */
export function manifestOf(id: string): VariantManifest | undefined {
  const preset = sparsePresetOf(id);
  if (preset === undefined) return undefined;
  const base = samPresets.find((each) => each.id === preset.base)!;
  const { ratios, globalKeep } = preset.setting;
  const whole = globalKeep === 1 ? "" : `, ${globalKeep} of the tokens in global blocks`;
  return {
    id,
    title: `SparseViT on ${base.title}`,
    paper,
    size: base.size,
    input: base.input,
    mask: base.mask,
    lacks: base.lacks,
    base: base.id,
    ...settingOf(preset.setting),
    notes: [
      ...base.notes,
      `windows pruned at ${ratios.join(", ")}${whole}: the paper prunes Swin; on SAM it is this project's transfer, with no published number to match`,
    ],
  };
}

/** Returns the one number that describes the setting, where all blocks have the same ratio. */
function settingOf({ ratios, globalKeep }: Setting): Pick<VariantManifest, "setting"> {
  const [value] = ratios;
  if (globalKeep !== 1 || ratios.some((ratio) => ratio !== value)) return {};
  return { setting: { name: "share of windows left out", value: value! } };
}

/** Reads an id; returns nothing where it is none of sparsevit's. Throws HarnessError where its setting is wrong. */
export function sparsePresetOf(id: string): SparsePreset | undefined {
  if (!id.startsWith(prefix)) return undefined;
  const [name, text, ...rest] = id.slice(prefix.length).split("/");
  const base = samPresets.find((each) => each.id === name);
  if (base === undefined) return undefined;
  const preset = base.id as keyof typeof samConfigs;
  if (rest.length > 0) throw wrongSetting(id, id.slice(prefix.length + base.id.length + 1), preset);
  if (text === undefined)
    return { base: preset, setting: { ratios: uniform(preset), globalKeep: defaults.globalKeep } };
  const words = text.split("-");
  const last = words.at(-1)!;
  const numbers = (last.startsWith("g") ? words.slice(0, -1) : words).map(numberOf);
  const globalKeep = last.startsWith("g") ? numberOf(last.slice(1)) : defaults.globalKeep;
  if (numbers.length !== uniform(preset).length || [...numbers, globalKeep].includes(undefined))
    throw wrongSetting(id, text, preset);
  const setting = { ratios: numbers as number[], globalKeep: globalKeep! };
  checkSetting(preset, setting);
  return { base: preset, setting };
}

/** Returns the id with the flags' setting; what they leave out stays as the id has it. */
export function withSetting(id: string, values: Readonly<Record<string, string>>): string {
  const preset = sparsePresetOf(id);
  if (preset === undefined) return id;
  const { base } = preset;
  const ratios = values.ratios === undefined ? preset.setting.ratios : spread(base, listOf("--ratios", values.ratios));
  const keep = values["global-keep"];
  const globalKeep = keep === undefined ? preset.setting.globalKeep : listOf("--global-keep", keep)[0]!;
  checkSetting(base, { ratios, globalKeep });
  return idOf(base, { ratios, globalKeep });
}

export function idOf(base: string, { ratios, globalKeep }: Setting): string {
  return `${prefix}${base}/${ratios.join("-")}${globalKeep === 1 ? "" : `-g${globalKeep}`}`;
}

/** Returns one ratio a group, from one ratio a group or one a stage. */
function spread(base: keyof typeof samConfigs, given: readonly number[]): readonly number[] {
  const stages = stageOfGroups(samConfigs[base], sizeOf(base));
  if (given.length === stages.length) return given;
  const count = new Set(stages).size;
  if (given.length === count) return stages.map((stage) => given[stage]!);
  throw new HarnessError("--ratios: one a stage or one a group of blocks are needed", {
    found: given.length,
    expected: `${count} or ${stages.length}`,
    hint: groupsHint(base),
  });
}

function checkSetting(base: keyof typeof samConfigs, { ratios, globalKeep }: Setting): void {
  checkRatios(samConfigs[base], sizeOf(base), ratios);
  if (globalKeep > 0 && globalKeep <= 1) return;
  throw new HarnessError("--global-keep: must be a share of the tokens", {
    found: globalKeep,
    expected: "above 0, to 1",
  });
}

function uniform(base: keyof typeof samConfigs): readonly number[] {
  return groupsOf(samConfigs[base], sizeOf(base)).map(() => defaults.ratio);
}

export function sizeOf(base: string): "full" | "nano" {
  return samPresets.find(({ id }) => id === base)!.size;
}

function wrongSetting(id: string, found: string, base: keyof typeof samConfigs): HarnessError {
  return new HarnessError(`${id}: the setting is not as it should be`, {
    found,
    expected: `${uniform(base).length} ratios with - between them, like ${idOf(base, { ratios: uniform(base), globalKeep: 1 })}`,
    hint: groupsHint(base),
  });
}

function groupsHint(base: keyof typeof samConfigs): string {
  const groups = groupsOf(samConfigs[base], sizeOf(base)).map((blocks) => blocks.join("+"));
  return `the ratios of ${base} are for blocks ${groups.join(", ")}`;
}

function listOf(flag: string, text: string): readonly number[] {
  return text.split(",").map((word) => {
    const value = numberOf(word.trim());
    if (value !== undefined) return value;
    throw new HarnessError(`${flag}: not a number`, {
      found: word,
      expected: "numbers from 0 to 1, with commas between",
    });
  });
}

function numberOf(word: string): number | undefined {
  return /^\d*\.?\d+$/.test(word) ? Number(word) : undefined;
}
