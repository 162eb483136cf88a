import type { Dataset, GraphFiles } from "../api.ts";
import { describeGraphs } from "../build/build.ts";
import { executedGmacs } from "../build/gmacs.ts";
import type { RunPlan } from "../plan/plan.ts";
import { weightsVariantOf } from "../plan/plugins/registry.ts";
import { graphBytes } from "../plan/variantFiles.ts";
import type { ChosenVariant, LeftOut } from "../plan/weights.ts";
import { passesOf } from "../protocols/index.ts";
import { seededCheckpoint } from "../weights/index.ts";

/** What estimates rest on where nothing was measured. Good to a factor of two. */
const assumed = {
  /** What a whole graph reaches of the speed of large matrix products. */
  share: 0.7,
  /** ms of one decode beside its arithmetic; of one mask at image size with its row. */
  decodeMs: 3,
  maskMs: 6,
  /** Prompts in the batch that prompts a second are measured with. */
  batch: 16,
  /** Images whose targets are counted. */
  sample: 4,
  /** s: a process, its session, one unmeasured image. */
  start: 3,
  /** Bytes of a row. */
  row: 600,
  /** Bytes a second of weights written into graphs. */
  build: 100e6,
  /** Bytes: the process itself, and intermediate tensors of a 1024 x 1024 input; weights are held twice. */
  process: 150e6,
  tensors: 200e6,
  /**
   * Multiply-accumulates a weight of graphs that were not built here: an encoder's are used once a token of 16 x 16 px, a
   * decoder's for prompts and, some of them, for every place of the embedding.
   */
  pixelsAToken: 16,
  decoderUses: 250,
};

export interface VariantNeeds {
  readonly variant: string;
  readonly weights: string;
  readonly encodeMs: number;
  readonly decodeMs: number;
  readonly seconds: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Of ONNX files: what they were taken as. */
  readonly taken?: string;
}

/** What a plan would need if nothing of it were here yet: estimates, not promises. */
export interface PlanNeeds {
  readonly dataset: string;
  readonly images: number;
  /** Counted on the first images. */
  readonly targets: number;
  readonly prompts: readonly string[];
  readonly variants: readonly VariantNeeds[];
  readonly seconds: number;
  /** Of the largest variant: all others can be unloaded. */
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly leftOut: readonly LeftOut[];
}

/** `gmacsPerSecond` as measureSpeed finds it with the plan's threads and provider. */
export async function needsOf(plan: RunPlan, gmacsPerSecond: number): Promise<PlanNeeds> {
  const targets = estimateTargets(plan.dataset, plan.images.length);
  const variants: VariantNeeds[] = [];
  for (const chosen of plan.chosen) variants.push(await variantNeeds(plan, chosen, { targets, gmacsPerSecond }));
  const sum = (of: (needs: VariantNeeds) => number) => variants.reduce((total, needs) => total + of(needs), 0);
  return {
    dataset: plan.dataset.id,
    images: plan.images.length,
    targets: Math.round(targets),
    prompts: plan.prompts.map(({ prompts }) => prompts),
    variants,
    seconds: sum(({ seconds }) => seconds),
    memoryBytes: Math.max(...variants.map(({ memoryBytes }) => memoryBytes)),
    diskBytes: sum(({ diskBytes }) => diskBytes),
    leftOut: plan.leftOut,
  };
}

interface Known {
  readonly targets: number;
  readonly gmacsPerSecond: number;
}

async function variantNeeds(plan: RunPlan, { variant, weights }: ChosenVariant, known: Known): Promise<VariantNeeds> {
  const { encodeGmacs, decodeGmacs, weightBytes, builtBytes } = await sizeOf(plan, { variant, weights });
  const msOf = (gmacs: number) => (1000 * gmacs) / (assumed.share * known.gmacsPerSecond);
  const encodeMs = msOf(encodeGmacs);
  const decodeMs = assumed.decodeMs + msOf(decodeGmacs);
  // Masks of seeded weights mean nothing: only latency and memory are measured.
  const scored = weights.source !== "seeded" && plan.phases.includes("accuracy");
  const { encodes, decodes } = workOf(plan, known.targets);
  const accuracyMs = scored ? encodes * encodeMs + decodes * (msOf(decodeGmacs) + assumed.maskMs) : 0;
  const timed = plan.phases.includes("latency") && variant.preset.role !== "floor";
  const turns = timed ? plan.latency.warmup + plan.latency.rounds + 1 : 0;
  const latencyMs = turns * (encodeMs + decodeMs + assumed.batch * msOf(decodeGmacs) + assumed.maskMs);
  const rowBytes = scored ? known.targets * plan.prompts.length * assumed.row : 0;
  const side = variant.preset.input.side / 1024;
  return {
    variant: variant.preset.id,
    weights: weights.source,
    encodeMs,
    decodeMs,
    seconds: (accuracyMs + latencyMs) / 1000 + 2 * assumed.start + builtBytes / assumed.build,
    memoryBytes: assumed.process + 2 * weightBytes + assumed.tensors * side ** 2,
    diskBytes: builtBytes + rowBytes,
    taken: variant.files === undefined ? undefined : variant.preset.notes[0]!,
  };
}

/** Of all images: everything mode encodes each crop but the image itself once more, and prompts its own points. */
function workOf({ prompts, dataset, images }: RunPlan, targets: number): { encodes: number; decodes: number } {
  let encodes = images.length;
  let decodes = 0;
  for (const { pass } of passesOf(prompts)) {
    const { everything } = pass;
    if (everything === undefined) decodes += targets * pass.scored.at(-1)!.step;
    else {
      const crops = everything.crops(dataset.images[0]!);
      encodes += images.length * (crops.length - 1);
      decodes += images.length * crops.reduce((sum, crop) => sum + crop.targets.length, 0);
    }
  }
  return { encodes, decodes };
}

interface Sizes {
  readonly encodeGmacs: number;
  readonly decodeGmacs: number;
  readonly weightBytes: number;
  /** What is written into graphs; nothing of files that are there. */
  readonly builtBytes: number;
}

/** From the graphs as data, in milliseconds: values are not read, so seeded ones stand in for any. */
async function sizeOf({ registry }: RunPlan, { variant: chosen }: ChosenVariant): Promise<Sizes> {
  if (chosen.files !== undefined) return sizeOfFiles(chosen.files, chosen.preset.input.side);
  // Before a calibration there are no graphs of the method yet: its base's have the same sizes, in float.
  const variant = chosen.preset.calibration === undefined ? chosen : weightsVariantOf(registry, chosen);
  const graphs = await describeGraphs({ variant, checkpoint: seededCheckpoint(), graph: "fused" });
  const { encode, decode } = executedGmacs(graphs);
  const weightBytes = graphs.reduce((sum, { counts }) => sum + counts.constantBytes, 0);
  return {
    encodeGmacs: encode,
    decodeGmacs: decode,
    weightBytes,
    builtBytes: weightBytes,
  };
}

function sizeOfFiles({ encoder, decoder }: GraphFiles, side: number): Sizes {
  const encoderBytes = graphBytes(encoder!);
  const decoderBytes = graphBytes(decoder!);
  const tokens = (side / assumed.pixelsAToken) ** 2;
  return {
    encodeGmacs: ((encoderBytes / 4) * tokens) / 1e9,
    decodeGmacs: ((decoderBytes / 4) * assumed.decoderUses) / 1e9,
    weightBytes: encoderBytes + decoderBytes,
    builtBytes: 0,
  };
}

function estimateTargets(dataset: Dataset, images: number): number {
  const sample = dataset.images.slice(0, assumed.sample);
  const counted = sample.reduce((sum, { id }) => sum + dataset.targetsOf(id).length, 0);
  return (counted / Math.max(1, sample.length)) * images;
}
