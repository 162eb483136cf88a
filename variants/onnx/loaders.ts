import type { DecoderRules, GraphFiles, RuntimeOptions, Variant } from "../../harness/api.ts";
import { loadEfficientSam } from "../efficientsam/load.ts";
import { loadFastSam } from "../fastsam/load.ts";
import { loadHqSam } from "../hq-sam/load.ts";
import { loadSam } from "../sam-decoder/load.ts";
import { loadSam2 } from "../sam2-decoder/load.ts";

export type LoadGraphs = (files: GraphFiles, runtime: RuntimeOptions) => Promise<Variant>;

/** Functions that load graphs outside of their plug-in, by the rules that it feeds their decoder by. */
export const loaders: Readonly<Record<DecoderRules, LoadGraphs>> = {
  sam: loadSam,
  efficientsam: loadEfficientSam,
  sam2: (files, runtime) => loadSam2(files, runtime, "token 0"),
  "sam2-by-stability": (files, runtime) => loadSam2(files, runtime, "by stability"),
  "hq-sam": (files, runtime) => loadHqSam(files, runtime, "SAM's and HQ"),
  "hq-sam-alone": (files, runtime) => loadHqSam(files, runtime, "HQ alone"),
  fastsam: loadFastSam,
};
