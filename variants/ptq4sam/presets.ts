import type { VariantManifest, VariantOption } from "../../harness/api.ts";
import { parseBits } from "../../harness/quantize/index.ts";
import { samPresets } from "../sam/presets.ts";
import { formatSetting, methods, parseEdges, parseMethod, parseSetting, type Setting } from "./setting.ts";

const prefix = "ptq4sam/";

/** Presets that are listed. Any setting of any of SAM's presets is one too. */
export const ptq4samPresets: readonly VariantManifest[] = [
  manifestOf("sam-nano", "w8a8"),
  manifestOf("sam-nano", "w4a4"),
];

/** Flags that make up a setting: `bench quantize` and `bench run` take them. */
export const settingFlags: readonly VariantOption[] = [
  { name: "bits", describe: "ptq4sam: of weights and activations, 2 to 8 each, such as w6a6; w8a8 if left out" },
  { name: "method", describe: `ptq4sam: ${Object.keys(methods).join(", ")}` },
  { name: "keep-first-last", describe: "ptq4sam: 8bit keeps the first and the last layer at 8 bits" },
];

/**
 * Returns the manifest of `ptq4sam/<preset>/<setting>`, or of `ptq4sam/<preset>` with the setting left to flags; nothing for
 * another id. Throws HarnessError for a setting that is none.
 */
export function presetOf(id: string): VariantManifest | undefined {
  const [base, setting, ...rest] = id.startsWith(prefix) ? id.slice(prefix.length).split("/") : [];
  if (rest.length > 0 || !samPresets.some((preset) => preset.id === base)) return undefined;
  return manifestOf(base!, setting ?? "w8a8");
}

/** Returns the id with its setting changed by flags. Throws HarnessError for flags that mean nothing. */
export function withSettingFlags(id: string, flags: Readonly<Record<string, string>>): string {
  const preset = presetOf(id)!;
  const own = settingOf(preset);
  const { bits, method, "keep-first-last": edges } = flags;
  const changed = {
    bits: bits === undefined ? own.bits : parseBits(bits),
    method: method === undefined ? own.method : parseMethod(method),
    edges: edges === undefined ? own.edges : parseEdges(edges),
    execution: id.endsWith("-simulated") ? ("simulated" as const) : ("integer" as const),
  };
  return idOf(preset.base!, changed);
}

export function settingOf({ id }: VariantManifest): Setting {
  return parseSetting(id.slice(id.lastIndexOf("/") + 1));
}

export function idOf(base: string, setting: Setting): string {
  return `${prefix}${base}/${formatSetting(setting)}`;
}

function manifestOf(base: string, text: string): VariantManifest {
  const setting = parseSetting(text);
  const { nanoWeights: _, published: __, notes: ___, ...preset } = samPresets.find(({ id }) => id === base)!;
  const { bits, method } = setting;
  const learned = methods[method].learned === "reconstructed";
  return {
    ...preset,
    id: idOf(base, setting),
    base,
    title: `${preset.title}, ${method} W${bits.weights}A${bits.activations}`,
    paper: { title: "PTQ4SAM: Post-Training Quantization for Segment Anything", arxiv: "2405.03144", year: 2024 },
    // Learning takes minutes, and a full-size model's statistics do as well: that is for the user to start.
    calibration: { images: preset.size === "nano" ? 16 : 32, automatic: preset.size === "nano" && !learned },
    notes: notesOf(setting),
  };
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
