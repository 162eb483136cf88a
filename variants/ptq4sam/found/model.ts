import type { BuildContext, Checkpoint, GraphKind, OnnxGraph } from "../../../harness/api.ts";
import { HarnessError } from "../../../harness/errors.ts";
import { graphsOfBase } from "../../base-model/graphs.ts";
import { formatSetting, methods, type Setting } from "../setting.ts";
import { type FoundPlaces, findPlaces, hasAttention } from "./places.ts";

type Context = Pick<BuildContext, "preset" | "base" | "side"> & { readonly checkpoint: Checkpoint };

/** A model that another plug-in builds, with the places that are quantised in its graphs. */
export interface FoundModel {
  /**
   * Graphs whose values are quantised: the published ones, operator for operator, where attention is; the fused ones, whose
   * norms are folded into layers, elsewhere, and where products are of integers.
   */
  readonly kind: GraphKind;
  readonly graphs: ReadonlyMap<string, OnnxGraph>;
  readonly encoder: FoundPlaces;
  /** Places of the decoder without a mask input, which are those of the one with it. */
  readonly decoder: FoundPlaces;
  /** Places of the first and the last layer. */
  readonly edges: ReadonlySet<string>;
}

const nowhere: FoundPlaces = { layers: [], attentions: [] };

/**
 * Returns a model as a setting sees it. Throws HarnessError for a method that treats softmax attention where the image encoder
 * has none, and for an encoder that takes images of any size.
 */
export async function foundModel(context: Context, setting: Setting): Promise<FoundModel> {
  const fused = await graphsOfBase(context);
  requireOneSize(context, fused.get("encoder")!);
  const attends = hasAttention(fused.get("encoder")!);
  if (!attends) requireRangesAlone(context, setting);
  const kind = attends && setting.execution === "simulated" ? "reference" : "fused";
  const graphs = kind === "fused" ? fused : await graphsOfBase(context, "reference");
  const encoder = findPlaces(graphs.get("encoder")!);
  const inDecoder = graphs.get("decoder");
  const decoder = inDecoder === undefined ? nowhere : findPlaces(inDecoder);
  const layers = [...encoder.layers, ...decoder.layers];
  return { kind, graphs, encoder, decoder, edges: new Set([layers[0]!.place, layers.at(-1)!.place]) };
}

/** Throws HarnessError for an encoder of any size: the shapes of its values are known only when it runs. */
function requireOneSize({ preset }: Context, { inputs }: OnnxGraph): void {
  if (inputs.every(({ dims }) => dims.every((dim) => typeof dim === "number"))) return;
  throw new HarnessError(`${preset.id}: its encoder takes images of any size`, { expected: "one of a fixed size" });
}

function requireRangesAlone({ preset }: Context, setting: Setting): void {
  const { bimodal, softmax } = methods[setting.method];
  if (bimodal === "left" && softmax === "uniform") return;
  const alone = formatSetting({ ...setting, method: "minmax" });
  throw new HarnessError(`${preset.id}: its image encoder has no softmax attention, which ${setting.method} is about`, {
    hint: `ptq4sam/${preset.base}/${alone} quantises its layers by their ranges alone`,
  });
}
