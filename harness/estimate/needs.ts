import type { Dataset, GraphFiles, OnnxGraph } from "../api.ts";
import { describeGraphs } from "../build/build.ts";
import { executedGmacs } from "../build/gmacs.ts";
import { HarnessError } from "../errors.ts";
import { freeBytes } from "../measure/environment.ts";
import { type Group, loadedShare } from "../measure/groups.ts";
import { multipliesInt8 } from "../onnx/index.ts";
import { leastRounds, withRounds } from "../plan/latencySettings.ts";
import { graphBytes } from "../plan/models/variantFiles.ts";
import { type ChosenVariant, type LeftOut, nameOfChosen } from "../plan/models/weights.ts";
import type { RunPlan } from "../plan/plan.ts";
import { type RegisteredVariant, weightsVariantOf } from "../plan/plugins/registry.ts";
import { runtimeOf } from "../plan/point.ts";
import { passesOf } from "../protocols/index.ts";
import { seededCheckpoint } from "../weights/index.ts";
import { expectedGroups, type LatencyCost, latencySeconds, roundsWithin } from "./latencyTime.ts";
import { hasUnknownSpeed, type Speeds } from "./speeds.ts";

/** Assumptions of the estimates, where nothing was measured. They hold to a factor of two. */
const assumed = {
  /** A whole graph reaches this share of the speed of large matrix products. */
  share: 0.7,
  /** Time in ms of one decode beside its arithmetic, and of one mask at image size with its row. */
  decodeMs: 3,
  maskMs: 6,
  /** Prompts in the batch that prompts a second are measured with. */
  batch: 16,
  /** Images whose targets are counted. */
  sample: 4,
  /** Seconds that a process takes to start, and bytes of weights that it loads in a second. */
  start: 1,
  load: 500e6,
  /** Processes that a cold start is measured in. */
  starts: 10,
  /** Seconds in which energy is measured, idle and at work. */
  metered: 4,
  /** Time in ms of a turn of latency beside the model: the photo is read and prepared. */
  turnMs: 100,
  /** Bytes of a row. */
  row: 600,
  /** Bytes a second of weights written into graphs. */
  build: 130e6,
  /** An encoder that multiplies 8-bit integers is so many times as fast, and is written at this rate. */
  int8: { speed: 1.7, build: 30e6 },
  /** Times that a calibration takes its images through a graph which it writes: where layers are searched there are more. */
  passes: 2,
  /** Bytes of the process itself, and of the intermediate tensors of a 1024 x 1024 input, and how often weights are held. */
  process: 150e6,
  weights: 1.15,
  tensors: 500e6,
  /**
   * Uses of a weight in graphs that were not built here: an encoder's weights are used once for each token of 16 x 16 px, a
   * decoder's for prompts and, some of them, for every place of the embedding.
   */
  pixelsAToken: 16,
  decoderUses: 250,
};

/** Seconds by part of a run. */
export interface PartSeconds {
  /** Graphs are built. */
  readonly graphs: number;
  /** Methods learn from images. */
  readonly calibration: number;
  readonly accuracy: number;
  readonly memory: number;
  /** Workers are loaded, warm up and take turns. */
  readonly latency: number;
  /** Processes whose start is timed, where the plan asks for them. */
  readonly coldStart: number;
  /** Images whose energy is measured. */
  readonly energy: number;
}

interface VariantNeeds {
  readonly variant: string;
  readonly weights: string;
  readonly encodeMs: number;
  readonly decodeMs: number;
  readonly parts: PartSeconds;
  readonly seconds: number;
  /** Absent where latency is not measured. */
  readonly cost?: LatencyCost | undefined;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Model that ONNX files were taken as; absent for graphs that are built here. */
  readonly taken?: string;
}

/** Needs of a plan if nothing of it were here yet: they are estimates. */
export interface PlanNeeds {
  readonly dataset: string;
  readonly images: number;
  /** Targets of all images: they are estimated from the first ones. */
  readonly targets: number;
  readonly prompts: readonly string[];
  readonly variants: readonly VariantNeeds[];
  readonly parts: PartSeconds;
  readonly seconds: number;
  /** Rounds of latency: those of the plan, or what its time limit is expected to leave. */
  readonly rounds: number;
  /** Groups of variants that are expected to be loaded together while latency is measured. */
  readonly groups: readonly Group[];
  /** Memory that the largest variant needs: all others can be unloaded. */
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly leftOut: readonly LeftOut[];
  /** Providers whose rows take a time that nobody knows before they run; it is in no figure. */
  readonly untold: readonly string[];
}

/**
 * Estimates the needs of a plan by the speeds of its providers; variants of one without a speed are left out. Workers of a latency
 * phase may take `memoryBytes` together.
 */
export async function needsOf(
  plan: RunPlan,
  speeds: Speeds,
  memoryBytes = loadedShare * freeBytes(),
): Promise<PlanNeeds> {
  const targets = estimateTargets(plan.dataset, plan.images.length);
  const untimed: VariantNeeds[] = [];
  for (const chosen of plan.chosen) {
    const gmacsPerSecond = speeds.get(runtimeOf(plan, chosen).provider);
    if (gmacsPerSecond !== undefined) untimed.push(await variantNeeds(plan, chosen, { targets, gmacsPerSecond }));
  }
  const costs = costsOf(untimed);
  const groups = expectedGroups(costs, memoryBytes);
  const rounds = expectedRounds(plan, untimed, groups);
  const latency = latencySeconds(costs, groups, withRounds(plan.latency, rounds));
  const variants = untimed.map((each) => withLatency(each, latency.get(each.variant) ?? 0));
  const sum = (of: (needs: VariantNeeds) => number) => variants.reduce((total, needs) => total + of(needs), 0);
  return {
    dataset: plan.dataset.id,
    images: plan.images.length,
    targets: Math.round(targets),
    prompts: plan.prompts.map(({ prompts }) => prompts),
    variants,
    parts: {
      graphs: sum(({ parts }) => parts.graphs),
      calibration: sum(({ parts }) => parts.calibration),
      accuracy: sum(({ parts }) => parts.accuracy),
      memory: sum(({ parts }) => parts.memory),
      latency: sum(({ parts }) => parts.latency),
      coldStart: sum(({ parts }) => parts.coldStart),
      energy: sum(({ parts }) => parts.energy),
    },
    seconds: sum(({ seconds }) => seconds),
    rounds,
    groups,
    memoryBytes: Math.max(...variants.map((each) => each.memoryBytes)),
    diskBytes: sum(({ diskBytes }) => diskBytes),
    leftOut: plan.leftOut,
    untold: untoldProviders(plan),
  };
}

function untoldProviders(plan: RunPlan): readonly string[] {
  return [...new Set(plan.chosen.map((each) => runtimeOf(plan, each).provider).filter(hasUnknownSpeed))];
}

/** Returns the costs of the latency phase by variant; those whose latency is not measured have none. */
export function costsOf(variants: readonly Pick<VariantNeeds, "variant" | "cost">[]): ReadonlyMap<string, LatencyCost> {
  return new Map(variants.flatMap(({ variant, cost }) => (cost === undefined ? [] : [[variant, cost] as const])));
}

/** Returns the rounds that the plan's time limit is expected to leave, or all. */
function expectedRounds(plan: RunPlan, variants: readonly VariantNeeds[], groups: readonly Group[]): number {
  const { maxMinutes, latency } = plan;
  if (maxMinutes === undefined) return latency.rounds;
  const others = variants.reduce((sum, { seconds }) => sum + seconds, 0);
  return roundsWithin(60 * maxMinutes - others, {
    ...latency,
    costs: costsOf(variants),
    groups,
    least: leastRounds(latency),
  });
}

function withLatency(needs: VariantNeeds, latency: number): VariantNeeds {
  return { ...needs, parts: { ...needs.parts, latency }, seconds: needs.seconds + latency };
}

interface Known {
  readonly targets: number;
  readonly gmacsPerSecond: number;
}

/** Estimates what a variant needs by itself: the latency phase is not in it, because its time follows from all variants. */
async function variantNeeds(plan: RunPlan, chosen: ChosenVariant, known: Known): Promise<VariantNeeds> {
  const { variant, weights } = chosen;
  const { encodeGmacs, decodeGmacs, weightBytes, builtBytes, ...sizes } = await sizeOf(plan, { variant, weights });
  const msOf = (gmacs: number) => (1000 * gmacs) / (assumed.share * known.gmacsPerSecond);
  const encodeMs = msOf(encodeGmacs) / (sizes.int8 ? assumed.int8.speed : 1);
  const decodeMs = assumed.decodeMs + msOf(decodeGmacs);
  // Masks of seeded weights mean nothing: only latency and memory are measured.
  const scored = weights.source !== "seeded" && plan.phases.includes("accuracy");
  const { encodes, decodes } = workOf(plan, known.targets);
  const loadSeconds = assumed.start + weightBytes / assumed.load;
  const accuracyMs = encodes * encodeMs + decodes * (msOf(decodeGmacs) + assumed.maskMs);
  const timed = plan.phases.includes("latency") && variant.preset.role !== "floor";
  const turnMs = assumed.turnMs + encodeMs + decodeMs + assumed.batch * msOf(decodeGmacs) + assumed.maskMs;
  const rowBytes = scored ? known.targets * rowsATarget(plan) * assumed.row : 0;
  const side = variant.preset.input.side / 1024;
  const memoryBytes = assumed.process + assumed.weights * weightBytes + assumed.tensors * side ** 2;
  const graphs = builtBytes / (sizes.int8 ? assumed.int8.build : assumed.build);
  const { calibration } = variant.preset;
  const images = calibration?.automatic === true ? calibration.images : 0;
  const onceSeconds = loadSeconds + (encodeMs + decodeMs) / 1000;
  const parts: PartSeconds = {
    graphs,
    calibration: images === 0 ? 0 : assumed.passes * (loadSeconds + graphs + (images * encodeMs) / 1000),
    accuracy: scored ? loadSeconds + accuracyMs / 1000 : 0,
    memory: timed ? onceSeconds : 0,
    latency: 0,
    coldStart: timed && plan.coldStart === true ? assumed.starts * onceSeconds : 0,
    energy: timed && plan.energy === true ? onceSeconds + Math.max(assumed.metered, (encodeMs + decodeMs) / 1000) : 0,
  };
  return {
    variant: nameOfChosen(chosen),
    weights: weights.source,
    encodeMs,
    decodeMs,
    parts,
    seconds: parts.graphs + parts.calibration + parts.accuracy + parts.memory + parts.coldStart + parts.energy,
    cost: timed ? { turnSeconds: turnMs / 1000, loadSeconds, memoryBytes } : undefined,
    memoryBytes,
    diskBytes: builtBytes + rowBytes,
    taken: variant.files === undefined ? undefined : variant.preset.notes[0]!,
  };
}

/** Counts the rows of one target: prompts of several steps have one for each. */
function rowsATarget({ prompts }: RunPlan): number {
  return passesOf(prompts).reduce((sum, { pass }) => sum + pass.scored.length, 0);
}

/** Counts the encodes and decodes of all images. Everything mode also encodes each crop, and prompts points of its own. */
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
  /** Bytes that are written into graphs; 0 for files that are there already. */
  readonly builtBytes: number;
  /** True where the encoder multiplies 8-bit integers. */
  readonly int8: boolean;
}

/** Reads the sizes from the graphs as data, which takes milliseconds: seeded values stand in for any, as values are not read. */
async function sizeOf({ registry }: RunPlan, { variant: chosen }: ChosenVariant): Promise<Sizes> {
  if (chosen.files !== undefined) return sizeOfFiles(chosen.files, chosen.preset.input.side);
  if (chosen.external?.takes === "nothing") return unknownSizes;
  const graphs = await graphsOf(registry, chosen);
  const { encode, decode } = executedGmacs(graphs);
  const constants = graphs.flatMap((graph) => graph.constants);
  const loaded = graphs.reduce((sum, graph) => sum + loadedBytes(graph), 0);
  return {
    encodeGmacs: encode,
    decodeGmacs: decode,
    weightBytes: loaded,
    builtBytes: constants.reduce((sum, { bytes }) => sum + bytes, 0),
    int8: graphs.some((graph) => graph.name === "encoder" && multipliesInt8(graph)),
  };
}

/** Weights that a file holds in fewer bits, with a Cast behind them, are float32 once it is loaded. */
function loadedBytes({ nodes, constants }: OnnxGraph): number {
  const cast = new Set(nodes.flatMap(({ operator, inputs }) => (operator === "Cast" ? inputs : [])));
  return constants.reduce((sum, { name, dims, bytes, storedAs }) => {
    const elements = dims.reduce((product, dim) => product * dim, 1);
    return sum + (storedAs !== undefined || cast.has(name) ? Float32Array.BYTES_PER_ELEMENT * elements : bytes);
  }, 0);
}

/**
 * Returns the graphs as data. Those of another program are not ours, and some methods have none before their calibration: their
 * base's have the same sizes, in float.
 */
async function graphsOf(registry: RunPlan["registry"], chosen: RegisteredVariant): Promise<readonly OnnxGraph[]> {
  const describe = (variant: RegisteredVariant) =>
    describeGraphs({ variant, checkpoint: seededCheckpoint(), graph: "fused" });
  if (chosen.external !== undefined) return describe(weightsVariantOf(registry, chosen));
  try {
    return await describe(chosen);
  } catch (error) {
    if (chosen.preset.calibration === undefined || !(error instanceof HarnessError)) throw error;
    return describe(weightsVariantOf(registry, chosen));
  }
}

/** Sizes of a program of the user's own: nothing of it is known before it runs. */
const unknownSizes: Sizes = {
  encodeGmacs: 0,
  decodeGmacs: 0,
  weightBytes: 0,
  builtBytes: 0,
  int8: false,
};

function sizeOfFiles({ encoder, ...others }: GraphFiles, side: number): Sizes {
  const encoderBytes = graphBytes(encoder!);
  const decoderBytes = Object.values(others).reduce((sum, file) => sum + graphBytes(file), 0);
  const tokens = (side / assumed.pixelsAToken) ** 2;
  return {
    encodeGmacs: ((encoderBytes / 4) * tokens) / 1e9,
    decodeGmacs: ((decoderBytes / 4) * assumed.decoderUses) / 1e9,
    weightBytes: encoderBytes + decoderBytes,
    builtBytes: 0,
    int8: false,
  };
}

function estimateTargets(dataset: Dataset, images: number): number {
  const sample = dataset.images.slice(0, assumed.sample);
  const counted = sample.reduce((sum, { id }) => sum + dataset.targetsOf(id).length, 0);
  return (counted / Math.max(1, sample.length)) * images;
}
