import type { CalibrateContext, NamedTensors, Weight } from "../../../harness/api.ts";
import { HarnessError } from "../../../harness/errors.ts";
import { channelSigns, modesOf, weightQuantizers } from "../../../harness/quantize/index.ts";
import { configOf } from "../../sam/config.ts";
import { imageEncoder } from "../../sam/imageEncoder.ts";
import { maskDecoder } from "../../sam-decoder/maskDecoder.ts";
import { decoderStages, tokenToImagePaths } from "../graphs/decoderStages.ts";
import { linearLayers } from "../graphs/deployed.ts";
import { encoderStages } from "../graphs/encoderStages.ts";
import { withFoldedValueBias } from "../graphs/foldedBias.ts";
import { withSigns } from "../graphs/simulated.ts";
import type { Stage } from "../graphs/stage.ts";
import type { Model } from "../graphs/stages.ts";
import { edgePlaces, formatSetting, methods, type Setting } from "../setting.ts";
import type { Calibrated, CalibratedWeight } from "./calibrated.ts";
import { PlaceObservers } from "./placeObservers.ts";
import {
  closeStages,
  firstPrompt,
  openStages,
  type RunningStage,
  runStages,
  startOf,
  type Watch,
} from "./stageRunner.ts";

/** Everything that a calibration runs on. */
export interface Calibration {
  readonly context: CalibrateContext;
  readonly setting: Setting;
  readonly model: Model;
  readonly stages: readonly Stage[];
  /** Layers that the graph has in integers, where no other value is quantised. */
  readonly layers: ReadonlySet<string> | undefined;
}

export function calibrationOf(context: CalibrateContext, setting: Setting): Calibration {
  const config = configOf(context.preset.base!);
  const stages = [...encoderStages(config), ...decoderStages(config.decoder, "points and boxes")];
  if (setting.execution === "simulated")
    return { context, setting, model: { config, checkpoint: context.checkpoint }, stages, layers: undefined };
  const model = { config, checkpoint: withFoldedValueBias(context.checkpoint, config) };
  return { context, setting, model, stages, layers: fusedLayers(model) };
}

/** Returns the linear layers of the fused graphs. */
function fusedLayers({ config, checkpoint }: Model): ReadonlySet<string> {
  const graphs = [
    imageEncoder(config, checkpoint),
    maskDecoder(config.decoder, checkpoint, "points, boxes and a mask"),
  ];
  return new Set(graphs.flatMap((graph) => [...linearLayers(graph)]));
}

/**
 * Finds signs on the first image, ranges of activations and softmax on all images without any quantisation, and ranges of
 * weights: the published code has this order. One image is in memory at a time. The encoder does not depend on the signs: it
 * sees the first image once, and the decoder twice. An integer graph has quantisers of neither keys nor softmax, so that it
 * needs the ranges of its layers' inputs and weights alone.
 */
export async function calibrateStatistics(calibration: Calibration): Promise<{ calibrated: Calibrated; model: Model }> {
  const { context, setting, model, stages } = calibration;
  const steps = context.count + 1;
  const observers = new PlaceObservers(setting, context.seed);
  const watch: Watch = ({ taps }, tapped) => observers.observe(taps, tapped);
  let found: { readonly signs: Signs; readonly signed: Model; readonly decoder: RunningStage[] } | undefined;
  context.progress(0, steps, "opening the model stage by stage");
  const encoder = await openStages(model, stages.filter(ofEncoder), {
    ...openHow(calibration),
    folder: `${context.folder}/encoder`,
  });
  try {
    let done = 0;
    for await (const image of context.images()) {
      requireRunning(context);
      const encoded = await runStages(encoder, startOf(image), watch);
      if (found === undefined) {
        const signs: Signs = keysHaveSigns(calibration) ? await findSigns(calibration, encoded) : new Map();
        const signed = { ...model, checkpoint: withSigns(model.checkpoint, signs) };
        const decoder = await openStages(signed, stages.filter(ofDecoder), {
          ...openHow(calibration),
          folder: `${context.folder}/decoder`,
        });
        found = { signs, signed, decoder };
      }
      await runStages(found.decoder, encoded, watch);
      context.progress(++done, steps, `image ${image.id}`);
    }
    if (found === undefined) throw new HarnessError(`${context.preset.id}: no image to calibrate on`);
    const { signs, signed, decoder } = found;
    const { activations, softmax } = observers.quantizers();
    const weights = calibrateWeights([...encoder, ...decoder], setting);
    context.progress(steps, steps, "weights");
    const notes = keysHaveSigns(calibration) ? [...signNotes(signs), ...observers.notes()] : observers.notes();
    return {
      calibrated: { setting: formatSetting(setting), signs, activations, softmax, weights, notes },
      model: signed,
    };
  } finally {
    await closeStages([...encoder, ...(found?.decoder ?? [])]);
  }
}

type Signs = ReadonlyMap<string, readonly number[]>;

function ofEncoder({ name }: Stage): boolean {
  return name.startsWith("image_encoder.");
}

function ofDecoder(stage: Stage): boolean {
  return !ofEncoder(stage);
}

export function openHow({ context: { seed, runtime }, layers }: Calibration) {
  return { places: "tapped", seed, runtime, layers } as const;
}

/** Tells whether keys are quantised, by a method that gives those with two modes one. */
function keysHaveSigns({ setting, layers }: Calibration): boolean {
  return layers === undefined && methods[setting.method].bimodal === "integrated";
}

export function requireRunning({ signal, preset }: CalibrateContext): void {
  if (signal.aborted) throw new HarnessError(`${preset.id}: the calibration was stopped`);
}

/**
 * Looks at the first image's keys in each attention. Where they have two modes, it finds the sign of each of their channels.
 */
async function findSigns(calibration: Calibration, encoded: NamedTensors): Promise<Signs> {
  const { context, model, stages } = calibration;
  const running = await openStages(model, stages.filter(ofDecoder), {
    ...openHow(calibration),
    folder: `${context.folder}/signs`,
  });
  const signs = new Map<string, readonly number[]>();
  const watch: Watch = ({ taps }, tapped) => {
    for (const path of tokenToImagePaths) {
      const place = `${path}.key`;
      if (!taps.activations.includes(place)) continue;
      const keys = tapped[place]!;
      if (modesOf(firstPrompt(keys)).bimodal) signs.set(path, [...signsByHead(keys)]);
    }
  };
  try {
    await runStages(running, encoded, watch);
    return signs;
  } finally {
    await closeStages(running);
  }
}

/** Returns a sign for each of heads * width channels, in the projection's order, from keys [prompts, heads, tokens, width]. */
function signsByHead({ dims, data }: NamedTensors[string]): Int8Array {
  const [prompts, heads, tokens, width] = dims as [number, number, number, number];
  const joint = new Float32Array(data.length);
  for (let prompt = 0; prompt < prompts; prompt++)
    for (let head = 0; head < heads; head++)
      for (let token = 0; token < tokens; token++) {
        const from = ((prompt * heads + head) * tokens + token) * width;
        joint.set(data.subarray(from, from + width), ((prompt * tokens + token) * heads + head) * width);
      }
  return channelSigns(joint, heads * width);
}

function signNotes(signs: Signs): string[] {
  const found = [...signs].map(([path, channels]) => {
    const up = channels.filter((sign) => sign > 0).length;
    return `${path.replace("mask_decoder.transformer.", "")} (${up} of ${channels.length} channels positive)`;
  });
  return [
    `bimodal keys: ${found.length === 0 ? "in none" : `in ${found.length}`} of ${tokenToImagePaths.length} token-to-image attentions${found.length === 0 ? "" : `: ${found.join(", ")}`}`,
  ];
}

function calibrateWeights(running: readonly RunningStage[], setting: Setting): Map<string, CalibratedWeight> {
  const rule = methods[setting.method].weights;
  const weights = running.flatMap(({ taps }) => taps.weights);
  return new Map(
    weights.map((weight) => [weight.name, calibratedWeight(weight, { rule, bits: bitsOf(weight, setting) })]),
  );
}

function bitsOf({ name }: Weight, { bits, edges }: Setting): number {
  return edges === "8 bits" && edgePlaces.has(name.replace(/\.weight$/, "")) ? 8 : bits.weights;
}

function calibratedWeight(weight: Weight, how: Parameters<typeof weightQuantizers>[2]): CalibratedWeight {
  const quantizers = weightQuantizers(weight.read(), weight.dims[0]!, how);
  return {
    bits: how.bits,
    scales: Float32Array.from(quantizers, ({ scale }) => scale),
    zeroPoints: Uint8Array.from(quantizers, ({ zeroPoint }) => zeroPoint),
  };
}
