import type { CalibrateContext, GraphConstant, NamedTensors, OnnxGraph } from "../../../harness/api.ts";
import { HarnessError } from "../../../harness/errors.ts";
import { transposeMatrix } from "../../../harness/onnx/index.ts";
import { channelSigns, modesOf, weightQuantizers } from "../../../harness/quantize/index.ts";
import { baseOf } from "../../base-model/graphs.ts";
import { requireRunning } from "../calibrate/calibrate.ts";
import type { Calibrated, CalibratedWeight } from "../calibrate/calibrated.ts";
import { PlaceObservers } from "../calibrate/placeObservers.ts";
import { firstPrompt } from "../calibrate/stageRunner.ts";
import { withSigns } from "../graphs/simulated.ts";
import { formatSetting, methods, type Setting } from "../setting.ts";
import { type FoundModel, foundModel } from "./model.ts";
import type { FoundLayer } from "./places.ts";
import { promptsAnImage, TappedModel } from "./running.ts";
import { type TappedGraph, tappedGraphs, type Watched } from "./tapped.ts";

type Signs = ReadonlyMap<string, readonly number[]>;

/**
 * Finds quantisers of a model that another plug-in builds, as `calibrateStatistics` does of SAM: signs on the first image, then
 * ranges of activations and softmax on all images without any quantisation, then ranges of weights.
 */
export async function calibrateFound(context: CalibrateContext, setting: Setting): Promise<Calibrated> {
  const { bimodal } = methods[setting.method];
  const plain = await foundModel(context, setting);
  const asksSigns = plain.kind === "reference" && bimodal === "integrated";
  const signs: Signs = asksSigns ? await findSigns(context, plain) : new Map();
  const checkpoint = withSigns(context.checkpoint, signs);
  const model = signs.size === 0 ? plain : await foundModel({ ...context, checkpoint }, setting);
  const observers = new PlaceObservers(setting, context.seed, model.edges);
  const running = await open(context, model, watchedIn(model, setting), "ranges");
  const steps = context.count + 1;
  let done = 0;
  try {
    for await (const image of context.images()) {
      requireRunning(context);
      await running.run(image, (taps, tapped) => observers.observe(taps, tapped));
      context.progress(++done, steps, `image ${image.id}`);
    }
  } finally {
    await running.close();
  }
  if (done === 0) throw new HarnessError(`${context.preset.id}: no image to calibrate on`);
  const { activations, softmax } = observers.quantizers();
  const weights = weightsOf(model, setting);
  context.progress(steps, steps, "weights");
  const notes = asksSigns ? [signNote(signs, model), ...observers.notes()] : observers.notes();
  return { setting: formatSetting(setting), signs, activations, softmax, weights, notes };
}

function watchedIn({ kind }: FoundModel, { execution }: Setting): Watched {
  if (execution === "integer") return "inputs and results";
  return kind === "reference" ? "all" : "inputs";
}

function open(context: CalibrateContext, model: FoundModel, watched: Watched, name: string): Promise<TappedModel> {
  // A box is two corners; some decoders take a padding point besides.
  const how = { watched, counts: { prompts: promptsAnImage, points: 3 }, seed: context.seed };
  const decoder = model.graphs.get("decoder");
  const tapped = {
    encoder: tappedGraphs(model.graphs.get("encoder")!, model.encoder, how),
    decoder: decoder === undefined ? [] : tappedGraphs(decoder, model.decoder, how),
  };
  return openTapped(context, model, tapped, name);
}

function openTapped(
  context: CalibrateContext,
  { graphs }: FoundModel,
  tapped: Readonly<Record<"encoder" | "decoder", readonly TappedGraph[]>>,
  name: string,
): Promise<TappedModel> {
  const plain = new Map([...graphs].filter(([each]) => !["encoder", "decoder", "decoder-mask"].includes(each)));
  const { runtime } = context;
  return TappedModel.open(baseOf(context), tapped, plain, { folder: `${context.folder}/${name}`, runtime });
}

/** Attentions whose keys are given one mode, by their layers' paths. */
function integratedOf({ decoder }: FoundModel): ReadonlyMap<string, string> {
  const looks = decoder.attentions.filter(({ place, keys }) => place.includes("token_to_image") && keys !== undefined);
  return new Map(looks.map(({ place, keys }) => [place, keys!]));
}

/**
 * Looks at the first image's keys in each attention of tokens to the image. Where they have two modes, it finds the sign of each
 * of their channels.
 */
async function findSigns(context: CalibrateContext, model: FoundModel): Promise<Signs> {
  const keys = integratedOf(model);
  const asIs = (graph: OnnxGraph, names: readonly string[]): TappedGraph => ({
    graph: { ...graph, outputs: [...graph.outputs, ...names.map((name) => graph.values.get(name)!)] },
    activations: names,
    softmax: new Map(),
  });
  const tapped = {
    encoder: [asIs(model.graphs.get("encoder")!, [])],
    decoder: [asIs(model.graphs.get("decoder")!, [...keys.values()])],
  };
  const signs = new Map<string, readonly number[]>();
  const running = await openTapped(context, model, tapped, "signs");
  try {
    for await (const image of context.images()) {
      await running.run(image, (_, tensors) => addSigns(signs, keys, tensors));
      break;
    }
    return signs;
  } finally {
    await running.close();
  }
}

function addSigns(
  signs: Map<string, readonly number[]>,
  keys: ReadonlyMap<string, string>,
  tensors: NamedTensors,
): void {
  for (const [place, name] of keys) {
    const found = tensors[name];
    if (found === undefined || !modesOf(firstPrompt(found)).bimodal) continue;
    signs.set(place, [...channelSigns(found.data, found.dims.at(-1)!)]);
  }
}

function signNote(signs: Signs, model: FoundModel): string {
  const all = integratedOf(model).size;
  const places = [...signs.keys()].map((place) => place.slice(place.indexOf("transformer.") + "transformer.".length));
  const where = places.length === 0 ? "in none" : `in ${places.length}`;
  return `bimodal keys: ${where} of ${all} token-to-image attentions${places.length === 0 ? "" : `: ${places.join(", ")}`}`;
}

function weightsOf({ encoder, decoder, edges }: FoundModel, setting: Setting): Map<string, CalibratedWeight> {
  const { bits, edges: kept, method } = setting;
  const rule = methods[method].weights;
  return new Map(
    [...encoder.layers, ...decoder.layers].map((layer) => {
      const width = kept === "8 bits" && edges.has(layer.place) ? 8 : bits.weights;
      const values = outputsFirst(layer, layer.weight);
      const quantizers = weightQuantizers(values, outputsOf(layer), { rule, bits: width });
      const calibrated = {
        bits: width,
        scales: Float32Array.from(quantizers, ({ scale }) => scale),
        zeroPoints: Uint8Array.from(quantizers, ({ zeroPoint }) => zeroPoint),
      };
      return [layer.place, calibrated];
    }),
  );
}

export function outputsOf({ layout, weight: { dims } }: FoundLayer): number {
  return layout === "outputs first" ? dims[0]! : dims[1]!;
}

/** Returns a layer's weight row by row, one an output channel. */
export function outputsFirst({ layout }: FoundLayer, { dims, read }: GraphConstant): Float32Array {
  const values = read() as Float32Array;
  return layout === "outputs first" ? values : transposeMatrix(values, dims[0]!, dims[1]!);
}
