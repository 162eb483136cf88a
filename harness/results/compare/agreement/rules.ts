import type { Registry } from "../../../plan/plugins/registry.ts";
import type { ScoreBook } from "../../../protocols/index.ts";
import type { AgreementRules } from "./agreement.ts";
import { tokenNumberingOf } from "./tokens.ts";

/** Returns what the known protocols and variants say about comparing masks with each other. */
export function agreementRules({ protocols }: ScoreBook, registry: Registry): Omit<AgreementRules, "categories"> {
  const everything = protocols.filter(({ passes }) => passes.some((pass) => pass.everything !== undefined));
  return {
    everything: new Set(everything.map(({ id }) => id)),
    tokensOf: (manifest) => tokenNumberingOf(manifest, registry),
  };
}
