import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { AdaptiveGranularity, type AttentionSample, attentionError } from "./agq.ts";
import { channelSigns, modesOf } from "./bimodal.ts";
import { fakeQuantizeLog2 } from "./fixtures/fakeQuantizeLog2.ts";

interface Big {
  readonly name: string;
  readonly tokens: number;
  readonly channels: number;
  readonly gap: number;
  readonly spread: number;
  readonly density: readonly number[];
  readonly peaks: readonly number[];
  readonly bimodal: boolean;
  readonly gamma: readonly number[];
}

interface Agq {
  readonly name: string;
  readonly sharpness: number;
  readonly rows: number;
  readonly columns: number;
  readonly value_width: number;
  readonly bits: number;
  readonly scale_and_error: Readonly<Record<string, readonly [number, number]>>;
  readonly tau: number;
  readonly quantised_at_scale_1_tau_2: readonly number[];
}

/** Values of SciPy and of the authors' code on arrays that follow from their names. */
const golden = JSON.parse(readFileSync(new URL("fixtures/ptq4sam.json", import.meta.url), "utf8")) as {
  readonly big: readonly Big[];
  readonly agq: readonly Agq[];
};

describe.each(golden.big)("keys named $name", ({ name, tokens, channels, gap, spread, ...expected }) => {
  const signs = uniforms(`${name}.sign`, channels).map((u) => (u < 0.46 ? 1 : -1));
  const keys = normals(name, tokens * channels).map((value, i) => value * spread + gap * signs[i % channels]!);

  test("have SciPy's density, peaks and bimodality", () => {
    const modes = modesOf(keys);
    for (const [i, value] of expected.density.entries())
      expect(Math.abs(modes.density[16 * i]! - value)).toBeLessThan(1e-9);
    expect(modes.peaks).toEqual(expected.peaks);
    expect(modes.bimodal).toBe(expected.bimodal);
  });

  test("have the authors' signs by channel", () => {
    expect([...channelSigns(keys, channels)]).toEqual(expected.gamma);
  });
});

describe.each(golden.agq)("softmax $name at $bits bits", (expected) => {
  const { bits, columns, value_width: width } = expected;
  const sample = attentionSample(expected);

  test("quantises to the authors' values", () => {
    const ours = fakeQuantizeLog2(sample.probabilities, { bits, scale: 1, tau: 2 });
    for (const [i, value] of expected.quantised_at_scale_1_tau_2.entries())
      expect(Math.abs(ours[i]! - value)).toBeLessThan(1e-12);
  });

  test("has the authors' error at the authors' scale", () => {
    for (const [tau, [scale, error]] of Object.entries(expected.scale_and_error))
      expect(attentionError(sample, { bits, scale, tau: Number(tau) }) / error - 1).toBeCloseTo(0, 9);
  });

  test("finds as good a scale, and the same granularity", () => {
    const search = new AdaptiveGranularity(bits);
    search.observe(sample);
    for (const { tau, error } of search.candidates())
      expect(error).toBeLessThanOrEqual(1.01 * expected.scale_and_error[tau]![1]);
    expect(search.quantizer().tau).toBe(expected.tau);
    expect(sample.probabilities).toHaveLength(expected.rows * columns);
    expect(sample.values).toHaveLength(columns * width);
  });
});

function attentionSample({ name, sharpness, rows, columns, value_width: width }: Agq): AttentionSample {
  const scores = normals(`agq.${name}`, rows * columns).map((value) => value * sharpness);
  const probabilities = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const part = scores.subarray(row * columns, (row + 1) * columns);
    const largest = Math.max(...part);
    const raised = part.map((value) => Math.exp(value - largest));
    const sum = raised.reduce((total, value) => total + value, 0);
    for (let column = 0; column < columns; column++) probabilities[row * columns + column] = raised[column]! / sum;
  }
  return { probabilities, columns, values: normals(`agq.v.${name}`, columns * width), width };
}

/** Nearly normal: the sum of twelve uniform numbers, less 6. */
function normals(name: string, count: number): Float64Array {
  const parts = Array.from({ length: 12 }, (_, i) => uniforms(`${name}.${i}`, count));
  return Float64Array.from({ length: count }, (_, at) => parts.reduce((sum, part) => sum + part[at]!, 0) - 6);
}

/** The seeded weights' u(name, i), before any rule is applied. */
function uniforms(name: string, count: number): number[] {
  const seed = [...Buffer.from(name)].reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5);
  return Array.from({ length: count }, (_, index) => (mix(mix(index) ^ seed) >>> 8) / 2 ** 24);
}

function mix(word: number): number {
  const first = Math.imul(word ^ (word >>> 16), 0x7feb352d);
  const second = Math.imul(first ^ (first >>> 15), 0x846ca68b);
  return second ^ (second >>> 16);
}
