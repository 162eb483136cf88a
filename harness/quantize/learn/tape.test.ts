import { expect, test } from "vitest";
import { normal, random } from "../../stats/random.ts";
import { Adam } from "./adam.ts";
import { attention } from "./attentionTape.ts";
import { LearnedRounding } from "./rounding.ts";
import { gelu, geluDerivative, learned, type Matrix, matrix, Tape } from "./tape.ts";

const stream = random(0, "tape");
const draw = (rows: number, columns: number) =>
  matrix(
    rows,
    columns,
    Float32Array.from({ length: rows * columns }, () => normal(stream)),
  );
const never = () => false;

/** Compares gradients with differences of the loss, the sum of result * weighting, on every element of each parameter. */
function checkGradients(parameters: readonly Matrix[], forward: (tape: Tape) => Matrix): void {
  const tape = new Tape();
  const result = forward(tape);
  const weighting = result.values.map((_, i) => Math.sin(1 + i));
  result.gradient.set(weighting);
  tape.backward();
  const loss = () => forward(new Tape()).values.reduce((sum, value, i) => sum + value * weighting[i]!, 0);
  for (const parameter of parameters)
    for (let i = 0; i < parameter.values.length; i++) {
      const before = parameter.values[i]!;
      const step = 1e-2;
      parameter.values[i] = before + step;
      const above = loss();
      parameter.values[i] = before - step;
      const below = loss();
      parameter.values[i] = before;
      expect(Math.abs((above - below) / (2 * step) - parameter.gradient[i]!)).toBeLessThan(5e-3);
    }
}

test("linear layers, GELU and parts of columns and rows have the gradients of differences", () => {
  const x = draw(3, 4);
  const first = draw(6, 4);
  const second = draw(2, 3);
  checkGradients([x, first, second], (tape) => {
    const hidden = tape.map(tape.linear(x, first, new Float32Array(6).fill(0.1)), gelu, geluDerivative);
    const turned = tape.join([tape.columns(hidden, 3, 2), tape.columns(hidden, 0, 1)]);
    return tape.linear(tape.rows(turned, [2, 0, 2]), second, new Float32Array(2));
  });
});

test("attention with relative positions has the gradients of differences", () => {
  const query = draw(3, 4);
  const key = draw(4, 4);
  const value = draw(4, 4);
  const rows = draw(3, 4).values;
  const columns = draw(3, 4).values;
  const distances = { rows, columns, side: 2, queryPlaces: [0, 2, 3], keyPlaces: [0, 1, 2, 3] };
  checkGradients([query, key, value], (tape) => attention(tape, { query, key, value, distances, dropped: never }));
});

test("soft rounding has the gradients of differences, its regulariser too", () => {
  const range = { bits: 4, scales: Float32Array.of(0.3, 0.2), zeroPoints: Uint8Array.of(7, 5) };
  const rounding = new LearnedRounding(Float32Array.of(-0.5, 0.31, 0.9, 0.11, -0.37, 0.5), range);
  checkGradients([rounding.variable], (tape) => rounding.weight(tape));
  rounding.variable.gradient.fill(0);
  rounding.regularize(0.5, 3);
  const slope = rounding.variable.gradient[1]!;
  const step = 1e-3;
  rounding.variable.values[1]! += step;
  const above = rounding.regularize(0.5, 3);
  rounding.variable.values[1]! -= 2 * step;
  const below = rounding.regularize(0.5, 3);
  expect((above - below) / (2 * step)).toBeCloseTo(slope, 2);
});

test("soft rounding starts at the weight itself and is decided by its nearer end", () => {
  const values = Float32Array.of(0.32, -0.41, 0.58, 0.07);
  const rounding = new LearnedRounding(values, {
    bits: 4,
    scales: Float32Array.of(0.1),
    zeroPoints: Uint8Array.of(7),
  });
  for (const [i, value] of rounding.weight(new Tape()).values.entries()) expect(value).toBeCloseTo(values[i]!, 4);
  // 3.2, -4.1, 5.8 and 0.7 steps: only the last three lie nearer to the integer above.
  expect(rounding.decided()[0]).toBe(0b1110);
  const decided = rounding.weight(new Tape(), "decided").values;
  for (const [i, value] of [0.3, -0.4, 0.6, 0.1].entries()) expect(decided[i]).toBeCloseTo(value, 6);
});

test("a scale learns from rounding errors, and from bounds where values are clipped", () => {
  const x = matrix(1, 3, Float32Array.of(0.6, 1.4, 9));
  const quantizer = learned({ bits: 2, scale: 1, zeroPoint: 0 });
  const tape = new Tape();
  const result = tape.quantize(x, quantizer, never);
  expect([...result.values]).toEqual([1, 1, 3]);
  result.gradient.fill(1);
  tape.backward();
  // (1 - 0.6) + (1 - 1.4) + 3, and nothing passes through the clipped one.
  expect(quantizer.scale.gradient[0]).toBeCloseTo(3, 5);
  expect([...x.gradient]).toEqual([1, 1, 0]);
});

test("what is dropped stays in float", () => {
  const x = matrix(1, 2, Float32Array.of(0.6, 1.4));
  const result = new Tape().quantize(x, learned({ bits: 2, scale: 1, zeroPoint: 0 }), (i) => i === 1);
  expect([...result.values]).toEqual([1, Math.fround(1.4)]);
});

test("learned logarithmic levels are those of the quantiser, and saturated ones move the scale", () => {
  const query = draw(1, 4);
  const key = draw(3, 4);
  const value = matrix(3, 3, Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1));
  const plain = attention(new Tape(), { query, key, value, dropped: never });
  const scale = matrix(1, 1, Float32Array.of(Math.max(...plain.values) / 2));
  const tape = new Tape();
  const result = attention(tape, { query, key, value, softmax: { bits: 3, tau: 2, scale }, dropped: never });
  const octaves = [...result.values].map((level) => 2 * Math.log2(level / scale.values[0]!));
  for (const octave of octaves) expect(Math.abs(octave - Math.round(octave))).toBeLessThan(1e-4);
  result.gradient.fill(1);
  tape.backward();
  expect(scale.gradient[0]).toBeCloseTo(plain.values.filter((p) => p > scale.values[0]! * 2 ** 0.25).length, 5);
});

test("Adam finds the lowest point of a bowl", () => {
  const point = matrix(1, 2, Float32Array.of(3, -2));
  const adam = new Adam([{ matrix: point, rate: 0.1 }]);
  for (let i = 0; i < 300; i++) {
    for (const [at, goal] of [1, 0.5].entries()) point.gradient[at] = 2 * (point.values[at]! - goal);
    adam.step();
  }
  expect(point.values[0]).toBeCloseTo(1, 2);
  expect(point.values[1]).toBeCloseTo(0.5, 2);
});
