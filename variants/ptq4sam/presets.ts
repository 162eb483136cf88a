import type { VariantManifest } from "../../harness/api.ts";
import { samPresets } from "../sam/presets.ts";
import { formatSetting, methods, parseSetting, type Setting } from "./setting.ts";

const prefix = "ptq4sam/";

/** Those that are listed: the others are any setting of any of SAM's presets. */
export const ptq4samPresets: readonly VariantManifest[] = [
  manifestOf("sam-nano", "w8a8"),
  manifestOf("sam-nano", "w4a4"),
];

/** The manifest of `ptq4sam/<preset>/<setting>`; nothing for another id. Throws HarnessError for a setting that is none. */
export function presetOf(id: string): VariantManifest | undefined {
  const [base, setting, ...rest] = id.startsWith(prefix) ? id.slice(prefix.length).split("/") : [];
  if (setting === undefined || rest.length > 0 || !samPresets.some((preset) => preset.id === base)) return undefined;
  return manifestOf(base!, setting);
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
      ? "int8 products of linear layers; query, key, value and softmax have no integer form in the runtime and stay in float: -simulated quantises them as the paper does"
      : "quantised and back in float at the paper's places: masks are those of integers, latency and memory are not",
  ];
  if (methods[method].learned === "reconstructed")
    notes.push(
      "learned with fewer iterations than published, and without two defects of the released code by which published learning-based figures are too high: inputs that stay in float half of the time, and rounding that stays soft",
    );
  return notes;
}
