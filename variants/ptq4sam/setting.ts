import { HarnessError, unknown } from "../../harness/errors.ts";
import { type Bits, type ObserverKind, parseBits, type WeightRule } from "../../harness/quantize/index.ts";

/** Rules of a method: they say what it does at the quantisers' places. */
interface Method {
  readonly activations: ObserverKind;
  readonly weights: WeightRule;
  /** Bimodal integration gives keys with two modes one mode, and turns their queries' signs with them. */
  readonly bimodal: "integrated" | "left";
  readonly softmax: "uniform" | "adaptive granularity";
  /** `reconstructed`: rounding and scales are learned afterwards, unit by unit. */
  readonly learned: "reconstructed" | "not";
}

const omse: Method = {
  activations: "omse",
  weights: "omse",
  bimodal: "left",
  softmax: "uniform",
  learned: "not",
};

/** Methods have the names of the paper's rows; `omse-big` and `omse-agq` are the two halves of `ptq4sam-s` alone. */
export const methods = {
  minmax: { ...omse, activations: "minmax", weights: "minmax" },
  percentile: { ...omse, activations: "percentile", weights: "minmax" },
  omse,
  "omse-big": { ...omse, bimodal: "integrated" },
  "omse-agq": { ...omse, softmax: "adaptive granularity" },
  "ptq4sam-s": { ...omse, bimodal: "integrated", softmax: "adaptive granularity" },
  qdrop: { ...omse, learned: "reconstructed" },
  "ptq4sam-l": { ...omse, bimodal: "integrated", softmax: "adaptive granularity", learned: "reconstructed" },
} as const satisfies Record<string, Method>;

type MethodName = keyof typeof methods;

const defaultMethod: MethodName = "ptq4sam-s";

/** Setting of a variant, as an id's last part words it: `w6a6`, `w4a4-omse`, `w8a8-ptq4sam-s-edges8`, `w8a8-simulated`. */
export interface Setting {
  readonly bits: Bits;
  readonly method: MethodName;
  /** `8 bits`: the first and the last layer have 8 bits, whatever the others have. */
  readonly edges: "as the others" | "8 bits";
  /**
   * `integer`: products are of integers, which exist at 8 bits alone. `simulated`: values are quantised and turned back to
   * float.
   */
  readonly execution: "integer" | "simulated";
}

/**
 * Reads a setting.
 * Throws HarnessError for bits out of range or an unknown method.
 */
export function parseSetting(text: string): Setting {
  const [bits, ...rest] = text.split("-");
  const words = new Set(["edges8", "simulated"]);
  const name = rest.filter((word) => !words.has(word)).join("-") || defaultMethod;
  const method = parseMethod(name);
  const parsed = parseBits(bits!);
  const eight = parsed.weights === 8 && parsed.activations === 8;
  return {
    bits: parsed,
    method,
    edges: rest.includes("edges8") ? "8 bits" : "as the others",
    execution: eight && methods[method].learned === "not" && !rest.includes("simulated") ? "integer" : "simulated",
  };
}

/**
 * Returns the shortest text that `parseSetting` reads as this setting. Integers need no word where the other words imply them.
 */
export function formatSetting({ bits, method, edges, execution }: Setting): string {
  const short = [`w${bits.weights}a${bits.activations}`, ...(method === defaultMethod ? [] : [method])];
  if (edges === "8 bits") short.push("edges8");
  const alone = parseSetting(short.join("-")).execution;
  return [...short, ...(execution === "simulated" && alone === "integer" ? ["simulated"] : [])].join("-");
}

/**
 * Reads a method's name.
 * Throws HarnessError for a name that is not known.
 */
export function parseMethod(name: string): MethodName {
  if (name in methods) return name as MethodName;
  throw unknown("quantisation method", name, Object.keys(methods));
}

/** Reads `--keep-first-last`, whose one value is 8bit. */
export function parseEdges(text: string): Setting["edges"] {
  if (text === "8bit") return "8 bits";
  throw new HarnessError("--keep-first-last: not a width that they can be kept at", { found: text, expected: "8bit" });
}

/** Paths of the first and the last layer that are quantised at all: the patch embedding and the heads are not. */
export const edgePlaces: ReadonlySet<string> = new Set([
  "image_encoder.blocks.0.attn.qkv",
  "mask_decoder.transformer.final_attn_token_to_image.out_proj",
]);

/** Returns how far the embedding may be from the float one. Networks of convolutions lose nearly all at 4 bits. */
export function embeddingBound({ bits: { weights, activations } }: Setting): number {
  const least = Math.min(weights, activations);
  if (least === 8) return 0.1;
  return least >= 6 ? 0.4 : 1;
}
