/**
 * Seeded weights, version 1: a tensor follows from its name and shape alone, so that outputs can be checked and
 * latency and memory measured at full size without a checkpoint. No rule may ever change under this version.
 */

import type { Checkpoint, SeededScale, Weight } from "../api.ts";
import { elementCount } from "./strided.ts";

/** value = scale (step u - centre) + shift, u in [0, 1); step and centre keep their product exact in a double. */
interface Rule {
  readonly scale: number;
  readonly step: 1 | 2;
  readonly centre: 0 | 1;
  readonly shift: number;
}

const plain = (scale: number, shift: number): Rule => ({ scale, step: 1, centre: 0, shift });
/** scale (2u - 1) */
const symmetric = (scale: number): Rule => ({ scale, step: 2, centre: 1, shift: 0 });

/**
 * Returns a seeded tensor, row-major. FastSAM's dfl.conv.weight counts 0 … 15, because its network computes an expectation with
 * it.
 */
export function seededTensor(name: string, dims: readonly number[]): Float32Array<ArrayBuffer> {
  const values = new Float32Array(elementCount(dims));
  if (name.endsWith("dfl.conv.weight")) return values.map((_, index) => index);
  if (lastPart(name) === "num_batches_tracked") return values;
  fillUniform(values, fnv1a(name), ruleOf(name, dims));
  return values;
}

/** Returns a checkpoint that has every tensor in every shape; nothing can be missing or left over. */
export function seededCheckpoint(scale?: SeededScale): Checkpoint {
  return {
    label: "seeded weights",
    source: "seeded",
    dims: () => undefined,
    take: (name, dims) => scaledWeight({ name, dims: [...dims], read: () => seededTensor(name, dims) }, scale),
    discard() {},
    assertAllTaken() {},
    close() {},
  };
}

/** Returns a weight whose values are multiplied by the factor, as float32 numbers, if its name begins and ends as the scale says. */
export function scaledWeight(weight: Weight, scale: SeededScale | undefined): Weight {
  if (scale === undefined || !weight.name.startsWith(scale.prefix) || !weight.name.endsWith(scale.suffix))
    return weight;
  const factor = Math.fround(scale.factor);
  return { ...weight, read: () => weight.read().map((value) => value * factor) };
}

/** Says what seeded weights are, from which their values follow: `seeded 1`, and the scale if there is one. */
export function seededName(scale?: SeededScale): string {
  return scale === undefined ? "seeded 1" : `seeded 1, ${scaleText(scale)}`;
}

/** Words a scale for users: `image_encoder.*.bn.weight x 0.7`. */
export function scaleText({ prefix, suffix, factor }: SeededScale): string {
  return `${prefix}*${suffix} x ${factor}`;
}

/** Returns the checkpoint's tensors, with seeded ones for names that it lacks; its own have to be taken, all of them. */
export function completedCheckpoint(checkpoint: Checkpoint, scale?: SeededScale): Checkpoint {
  const seeded = seededCheckpoint(scale);
  return {
    ...checkpoint,
    label: `${checkpoint.label} and seeded weights`,
    source: "seeded",
    take: (name, dims) => (checkpoint.dims(name) === undefined ? seeded : checkpoint).take(name, dims),
  };
}

/** Returns the first rule that fits. The general one has the variance 1 / fan-in of a fresh linear layer. */
function ruleOf(name: string, dims: readonly number[]): Rule {
  const last = lastPart(name);
  if (last === "running_var") return plain(1, 0.5);
  if (last === "running_mean") return symmetric(0.2);
  if (last === "positional_encoding_gaussian_matrix") return symmetric(1.7320508);
  if (name.includes("pos_embed")) return symmetric(0.5);
  if (dims.length <= 1) return last === "weight" ? plain(0.4, 0.8) : plain(0.2, -0.1);
  return symmetric(Math.sqrt(3 / elementCount(dims.slice(1))));
}

/** Fills with u(name, i) = (h(h(i) ^ s(name)) >>> 8) / 2^24. This is the one loop that 94 to 641 million weights go through. */
function fillUniform(values: Float32Array, seed: number, { scale, step, centre, shift }: Rule): void {
  const unit = step / 2 ** 24;
  for (let index = 0; index < values.length; index++) {
    values[index] = scale * ((mix(mix(index) ^ seed) >>> 8) * unit - centre) + shift;
  }
}

/** Computes h, the 32-bit mixing function known as lowbias32. */
function mix(word: number): number {
  let x = word;
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return x ^ (x >>> 16);
}

/** Computes s, FNV-1a over the name's UTF-8 bytes. */
function fnv1a(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
