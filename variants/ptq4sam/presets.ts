import type { ModelLookup, VariantManifest, VariantOption } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { parseBits } from "../../harness/quantize/index.ts";
import { fieldsOf } from "../base-model/manifest.ts";
import { samPresets } from "../sam/presets.ts";
import { formatSetting, methods, parseEdges, parseMethod, parseSetting, type Setting } from "./setting.ts";

const prefix = "ptq4sam/";

/** Presets that are listed. Any setting of any model is one too. */
export const ptq4samPresets: readonly VariantManifest[] = [
  manifestOf(samPreset("sam-nano")!, "w8a8"),
  manifestOf(samPreset("sam-nano")!, "w4a4"),
];

/** Flags that make up a setting: `bench quantize` and `bench run` take them. */
export const settingFlags: readonly VariantOption[] = [
  { name: "bits", describe: "ptq4sam: of weights and activations, 2 to 8 each, such as w6a6; w8a8 if left out" },
  { name: "method", describe: `ptq4sam: ${Object.keys(methods).join(", ")}` },
  { name: "keep-first-last", describe: "ptq4sam: 8bit keeps the first and the last layer at 8 bits" },
];

/**
 * Returns the manifest of `ptq4sam/<model>/<setting>`, or of `ptq4sam/<model>` with the setting left to flags; nothing for
 * another id. Throws HarnessError for a setting that is none, and for one that learns on a model that is not SAM.
 */
export function presetOf(id: string, modelOf: ModelLookup): VariantManifest | undefined {
  const parts = partsOf(id);
  const base = parts && (samPreset(parts.base) ?? modelOf(parts.base));
  return base && manifestOf(base, parts.setting);
}

interface IdParts {
  /** Id of the model. */
  readonly base: string;
  readonly setting: string;
}

/** Returns the parts of an id, or nothing where it is none of ptq4sam's. A setting begins with the bits of the weights. */
function partsOf(id: string): IdParts | undefined {
  if (!id.startsWith(prefix)) return undefined;
  const names = id.slice(prefix.length).split("/");
  const last = names.at(-1)!;
  if (names.length === 1 || !/^w\d/.test(last)) return { base: names.join("/"), setting: "w8a8" };
  return { base: names.slice(0, -1).join("/"), setting: last };
}

function samPreset(id: string): VariantManifest | undefined {
  return samPresets.find((preset) => preset.id === id);
}

/** Tells whether a model is SAM, whose own graphs have the published places. */
export function isSam(base: string): boolean {
  return samPreset(base) !== undefined;
}

/** Returns the id with its setting changed by flags. Throws HarnessError for flags that mean nothing. */
export function withSettingFlags(id: string, flags: Readonly<Record<string, string>>): string {
  const { base, setting } = partsOf(id)!;
  const own = parseSetting(setting);
  const { bits, method, "keep-first-last": edges } = flags;
  const changed = {
    bits: bits === undefined ? own.bits : parseBits(bits),
    method: method === undefined ? own.method : parseMethod(method),
    edges: edges === undefined ? own.edges : parseEdges(edges),
    execution: id.endsWith("-simulated") ? ("simulated" as const) : ("integer" as const),
  };
  return idOf(base, changed);
}

export function settingOf({ id }: VariantManifest): Setting {
  return parseSetting(id.slice(id.lastIndexOf("/") + 1));
}

export function idOf(base: string, setting: Setting): string {
  return `${prefix}${base}/${formatSetting(setting)}`;
}

function manifestOf(base: VariantManifest, text: string): VariantManifest {
  const setting = parseSetting(text);
  const { bits, method } = setting;
  const learned = methods[method].learned === "reconstructed";
  const id = idOf(base.id, setting);
  const sam = isSam(base.id);
  if (learned && !sam) throw refusedLearning(id, base.id, setting);
  return {
    ...fieldsOf(base),
    id,
    title: `${base.title}, ${method} W${bits.weights}A${bits.activations}`,
    paper: { title: "PTQ4SAM: Post-Training Quantization for Segment Anything", arxiv: "2405.03144", year: 2024 },
    // Learning takes minutes, and a full-size model's statistics do as well: that is for the user to start.
    calibration: { images: base.size === "nano" ? 16 : 32, automatic: base.size === "nano" && !learned },
    notes: sam ? notesOf(setting) : [...base.notes, ...foundNotesOf(setting)],
  };
}

function refusedLearning(id: string, base: string, setting: Setting): HarnessError {
  const unlearned = {
    ...setting,
    method: methods[setting.method].bimodal === "integrated" ? "ptq4sam-s" : "omse",
  } as const;
  return new HarnessError(`${id}: ${setting.method} learns in units of SAM's own graphs, which ${base} has not`, {
    hint: `${idOf(base, unlearned)} is the same without learning`,
  });
}

/** Returns notes on a model whose places are found in its graphs. */
function foundNotesOf({ method, execution }: Setting): string[] {
  const what =
    execution === "integer"
      ? "layers that have an integer product in the runtime are multiplied in int8 on calibrated scales; all else stays in float"
      : "simulated: values are quantised and turned back to float, so the masks are those of integers; latency and memory are those of float, and bit operations and storage count the scheme";
  const plain = methods[method].bimodal === "left" && methods[method].softmax === "uniform";
  return [
    `${what}; the paper quantises SAM: ${plain ? "this model's layers have its plain quantiser" : "on this model it is this project's transfer"}, with no published number to match`,
  ];
}

function notesOf({ method, execution }: Setting): string[] {
  const notes = [
    execution === "integer"
      ? "linear layers are multiplied in int8; attention scores, softmax, the neck's 3 x 3 convolution and the decoder's projections of image tokens stay in float: the setting with -simulated quantises them as the paper does"
      : "simulated: values are quantised and turned back to float at the paper's places, so the masks are those of integers; latency and memory are those of float, and bit operations and storage count the paper's scheme",
  ];
  if (methods[method].learned === "reconstructed")
    notes.push(
      "learned with fewer iterations than published, and without two defects of the released code by which published learning-based figures are too high: inputs that stay in float half of the time, and rounding that stays soft",
    );
  return notes;
}
