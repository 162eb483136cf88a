import type { DecoderRules } from "../../api.ts";
import type { RegisteredVariant } from "./registry.ts";

/** Returns the rules by which a variant's decoder is fed: its plug-in's, or those of its base; nothing where neither says them. */
export function decoderRulesOf({
  plugin,
  preset,
  base,
}: Pick<RegisteredVariant, "plugin" | "preset" | "base">): DecoderRules | undefined {
  return plugin.decoderRules?.(preset) ?? (base === undefined ? undefined : decoderRulesOf(base));
}
