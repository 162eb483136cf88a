import type { DecoderRules, GraphFiles, RuntimeOptions, Variant } from "../../../api.ts";

/** Functions that load graphs by the rules that their decoder is fed by. A page is given those of the variants when it is bundled. */
export type PageLoaders = Readonly<
  Record<DecoderRules, (files: GraphFiles, runtime: RuntimeOptions) => Promise<Variant>>
>;
