import type { ModelLookup, VariantManifest } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { fieldsOf } from "../base-model/manifest.ts";
import { samPresets } from "../sam/presets.ts";
import { type WindowedModel, windowedModelOf } from "./families.ts";
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

/** Presets that are listed. Any model whose encoder attends within windows has one too. */
export const sparsePresets: readonly VariantManifest[] = samPresets.map((base) =>
  manifestOf(base, uniformSetting(base.id)),
);

/**
 * Returns the manifest of `sparsevit/<model>`, or of one with ratios behind it: `/0.5-0.5-0.6-0.6`, `/0.5-0.5-0.6-0.6-g0.7`.
 * Throws HarnessError for a model without windows, with the reason, and for a setting that is none.
 */
export function presetOf(id: string, modelOf: ModelLookup): VariantManifest | undefined {
  const parts = partsOf(id);
  if (parts === undefined) return undefined;
  const base = modelOf(parts.base);
  if (base !== undefined) return { ...manifestOf(base, settingOf(id)), id };
  // What stands behind a model's id, and is no part of it, is a setting in no known form.
  const [name, ...rest] = id.slice(prefix.length).split("/") as [string, ...string[]];
  const model = rest.length === 0 ? undefined : modelOf(name);
  if (model !== undefined) throw wrongSetting(id, rest.join("/"), name);
  return undefined;
}

/** Returns the manifest with these ratios. Its id has them, unless they are those that an id without any stands for. */
export function manifestOf(base: VariantManifest, setting: Setting): VariantManifest {
  const { architecture } = windowedModelOf(base.id);
  const { ratios, globalKeep } = setting;
  const whole = globalKeep === 1 ? "" : `, ${globalKeep} of the tokens in global blocks`;
  return {
    ...fieldsOf(base),
    id: `${prefix}${base.id}`,
    title: `SparseViT on ${base.title}`,
    paper,
    printed: undefined,
    setting: oneNumberOf(setting),
    notes: [
      ...base.notes,
      `windows pruned at ${ratios.join(", ")}${whole}: the paper prunes Swin; on ${architecture} it is this project's transfer, with no published number to match`,
    ],
  };
}

/** Returns the one number that describes the setting, where all blocks have the same ratio. */
function oneNumberOf({ ratios, globalKeep }: Setting): VariantManifest["setting"] {
  const [value] = ratios;
  if (globalKeep !== 1 || ratios.some((ratio) => ratio !== value)) return undefined;
  return { name: "share of windows left out", value: value! };
}

interface IdParts {
  /** Id of the model. */
  readonly base: string;
  /** Ratios, as the id has them. */
  readonly text: string | undefined;
}

/** Returns the parts of an id, or nothing where it is none of sparsevit's. Ratios begin with a number, and no model's id does. */
function partsOf(id: string): IdParts | undefined {
  if (!id.startsWith(prefix)) return undefined;
  const names = id.slice(prefix.length).split("/");
  const last = names.at(-1)!;
  if (names.length === 1 || !/^[\d.]/.test(last)) return { base: names.join("/"), text: undefined };
  return { base: names.slice(0, -1).join("/"), text: last };
}

/** Returns the setting in an id of sparsevit's. Throws HarnessError where it is wrong, or the model has no windows. */
export function settingOf(id: string): Setting {
  const { base, text } = partsOf(id)!;
  if (text === undefined) return uniformSetting(base);
  const words = text.split("-");
  const last = words.at(-1)!;
  const numbers = (last.startsWith("g") ? words.slice(0, -1) : words).map(numberOf);
  const globalKeep = last.startsWith("g") ? numberOf(last.slice(1)) : defaults.globalKeep;
  if (numbers.length !== uniformSetting(base).ratios.length || [...numbers, globalKeep].includes(undefined))
    throw wrongSetting(id, text, base);
  const setting = { ratios: numbers as number[], globalKeep: globalKeep! };
  checkSetting(base, setting);
  return setting;
}

/** Returns the preset's id with the flags' setting; what they leave out stays as the id has it. */
export function withSetting(id: string, values: Readonly<Record<string, string>>): string {
  const { base } = partsOf(id)!;
  const own = settingOf(id);
  const ratios = values.ratios === undefined ? own.ratios : spread(base, listOf("--ratios", values.ratios));
  const keep = values["global-keep"];
  const globalKeep = keep === undefined ? own.globalKeep : listOf("--global-keep", keep)[0]!;
  checkSetting(base, { ratios, globalKeep });
  return idOf(base, { ratios, globalKeep });
}

export function idOf(base: string, { ratios, globalKeep }: Setting): string {
  return `${prefix}${base}/${ratios.join("-")}${globalKeep === 1 ? "" : `-g${globalKeep}`}`;
}

/** Returns one ratio a group, from one ratio a group or one a stage. */
function spread(base: string, given: readonly number[]): readonly number[] {
  const model = windowedModelOf(base);
  const stages = stageOfGroups(model.stages, model.size);
  if (given.length === stages.length) return given;
  const count = new Set(stages).size;
  if (given.length === count) return stages.map((stage) => given[stage]!);
  throw new HarnessError("--ratios: one a stage or one a group of blocks are needed", {
    found: given.length,
    expected: `${count} or ${stages.length}`,
    hint: groupsHint(base),
  });
}

function checkSetting(base: string, { ratios, globalKeep }: Setting): void {
  const model = windowedModelOf(base);
  checkRatios(model.stages, model.size, ratios);
  if (!(globalKeep > 0 && globalKeep <= 1))
    throw new HarnessError("--global-keep: must be a share of the tokens", {
      found: globalKeep,
      expected: "above 0, to 1",
    });
  if (globalKeep < 1) requireGlobalTokens(base, model);
}

function requireGlobalTokens(id: string, { globalTokens, architecture }: WindowedModel): void {
  if (globalTokens === "some or all") return;
  throw new HarnessError(`--global-keep: no tokens can be left out of global blocks of ${architecture}`, {
    found: id,
    expected: "a model with SAM's ViT",
  });
}

function uniformSetting(base: string): Setting {
  const { stages, size } = windowedModelOf(base);
  return { ratios: groupsOf(stages, size).map(() => defaults.ratio), globalKeep: defaults.globalKeep };
}

function wrongSetting(id: string, found: string, base: string): HarnessError {
  const uniform = uniformSetting(base);
  return new HarnessError(`${id}: the setting is not as it should be`, {
    found,
    expected: `${uniform.ratios.length} ratios with - between them, like ${idOf(base, uniform)}`,
    hint: groupsHint(base),
  });
}

function groupsHint(base: string): string {
  const { stages, size } = windowedModelOf(base);
  const groups = groupsOf(stages, size).map((blocks) => blocks.join("+"));
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
