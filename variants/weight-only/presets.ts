import type { ModelLookup, VariantManifest } from "../../harness/api.ts";
import type { BlockFormat } from "../../harness/quantize/index.ts";
import { fieldsOf } from "../base-model/manifest.ts";
import { formatSetting, looksLikeSetting, parseSetting, type Setting } from "./setting.ts";

const paper = { title: "The case for 4-bit precision: k-bit Inference Scaling Laws", arxiv: "2212.09720", year: 2023 };

/** The methods are named by the bits of their weights. */
const methods: Readonly<Record<string, BlockFormat["bits"]>> = { w8: 8, w4: 4 };

/**
 * Returns the manifest of `w4/<model>/<setting>`, or of `w4/<model>`, whose blocks are of the usual size; the id of the manifest
 * says it. Returns nothing for another id. Throws HarnessError for a setting that is none.
 */
export function presetOf(id: string, modelOf: ModelLookup): VariantManifest | undefined {
  const parts = partsOf(id);
  const base = parts && modelOf(parts.base);
  return base && manifestOf(base, parseSetting(parts.bits, parts.setting));
}

export function settingOf({ id }: Pick<VariantManifest, "id">): Setting {
  const { bits, setting } = partsOf(id)!;
  return parseSetting(bits, setting);
}

interface IdParts {
  readonly bits: BlockFormat["bits"];
  /** Id of the model. */
  readonly base: string;
  /** Empty where the id has none. */
  readonly setting: string;
}

function partsOf(id: string): IdParts | undefined {
  const [method, ...names] = id.split("/") as [string, ...string[]];
  const bits = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (bits === undefined) return undefined;
  const last = names.at(-1) ?? "";
  if (!looksLikeSetting(last)) return { bits, base: names.join("/"), setting: "" };
  return { bits, base: names.slice(0, -1).join("/"), setting: last };
}

/** Returns the id of a model in a setting, the size of its blocks always in it. */
export function idOf(model: string, setting: Setting): string {
  return `w${setting.bits}/${model}/${formatSetting(setting)}`;
}

function manifestOf(base: VariantManifest, setting: Setting): VariantManifest {
  const { bits, block, arithmetic, rest } = setting;
  const numbers = `W${bits}${arithmetic === "int8" ? "A8" : ""}`;
  return {
    ...fieldsOf(base),
    id: idOf(base.id, setting),
    title: `${base.title}, ${numbers} in blocks of ${block}${rest === "float16" ? ", the rest in halves" : ""}`,
    paper,
    notes: [...base.notes, ...notesOf(setting)],
  };
}

function notesOf({ bits, block, arithmetic, rest }: Setting): readonly string[] {
  const notes = [
    `weights are stored in ${bits} bits, with a scale for every ${block} of an output channel, rounded to the nearest: nothing is calibrated or learned`,
    arithmetic === "int8"
      ? "accuracy level 4: activations of linear layers are rounded to int8 as well, in blocks of their own, and integers are multiplied"
      : "accuracy level 1: weights become float32 before they are multiplied, and activations are float32: the file is smaller, the arithmetic is that of the float model",
  ];
  if (rest === "float16")
    notes.push("what is left in float32, scales among it, is stored in float16 and computed with in float32");
  return notes;
}
