import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { seededCheckpoint, seededName, seededTensor } from "./seeded.ts";

const expected = JSON.parse(readFileSync(new URL("fixtures/expected.json", import.meta.url), "utf8")) as Record<
  string,
  { value: number[] }
>;

test("the general rule and that of vectors give the reference's values, bit for bit", () => {
  expect([...seededTensor("a_weight", [8, 5])]).toEqual(expected.a_weight!.value);
  expect([...seededTensor("bias", [7])]).toEqual(expected.bias!.value);
  expect([...seededTensor("a_weight", [8, 5]).subarray(0, 3)]).toEqual([
    0.6813860535621643, 0.09470004588365555, 0.3446350693702698,
  ]);
});

/** Computes the README's formulas word for word, in big integers. */
function u(name: string, index: number): number {
  const mask = 0xffffffffn;
  const h = (x: bigint): bigint => {
    let y = x ^ (x >> 16n);
    y = (y * 0x7feb352dn) & mask;
    y ^= y >> 15n;
    y = (y * 0x846ca68bn) & mask;
    return y ^ (y >> 16n);
  };
  let s = 0x811c9dc5n;
  for (const byte of new TextEncoder().encode(name)) s = ((s ^ BigInt(byte)) * 0x01000193n) & mask;
  return Number(h(h(BigInt(index)) ^ s) >> 8n) / 2 ** 24;
}

test.each([
  ["model.22.dfl.conv.weight", [1, 16, 1, 1], (_: number, i: number) => i],
  ["layers.0.bn.running_var", [6], (x: number) => 0.5 + x],
  ["layers.0.bn.running_mean", [6], (x: number) => 0.2 * (2 * x - 1)],
  ["layers.0.bn.num_batches_tracked", [], () => 0],
  ["prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", [2, 8], (x: number) => 1.7320508 * (2 * x - 1)],
  ["image_encoder.pos_embed", [1, 2, 2, 4], (x: number) => 0.5 * (2 * x - 1)],
  ["image_encoder.pos_embed.weight", [4], (x: number) => 0.5 * (2 * x - 1)],
  ["norm.weight", [9], (x: number) => 0.8 + 0.4 * x],
  ["weight", [], (x: number) => 0.8 + 0.4 * x],
  ["norm.bias", [9], (x: number) => 0.2 * x - 0.1],
  ["größe.gamma", [9], (x: number) => 0.2 * x - 0.1],
  ["conv.weight", [4, 3, 2, 2], (x: number) => (2 * x - 1) * Math.sqrt(3 / 12)],
  ["mlp.lin1.weight", [3, 7], (x: number) => (2 * x - 1) * Math.sqrt(3 / 7)],
] as const)("%s %j follows its rule", (name, dims, rule) => {
  const values = seededTensor(name, dims);
  const count = (dims as readonly number[]).reduce((product, dim) => product * dim, 1);
  expect([...values]).toEqual(Array.from({ length: count }, (_, i) => Math.fround(rule(u(name, i), i))));
});

test("the seeded checkpoint has every name in every shape, and nothing left over", () => {
  const checkpoint = seededCheckpoint();
  expect(checkpoint.label).toBe("seeded weights");
  expect(checkpoint.dims("a_weight")).toBeUndefined();
  const weight = checkpoint.take("a_weight", [8, 5]);
  expect(weight.dims).toEqual([8, 5]);
  expect([...weight.read()]).toEqual(expected.a_weight!.value);
  expect(weight.read()).not.toBe(weight.read());
  checkpoint.discard(/bias/, "not there");
  checkpoint.assertAllTaken();
  checkpoint.close();
});

test("a scale multiplies the tensors that it names as float32 numbers, and is part of what the weights are called", () => {
  const scale = { prefix: "encoder.", suffix: ".bn.weight", factor: 0.7 };
  const read = (name: string) => seededCheckpoint(scale).take(name, [9]).read();
  const factor = Math.fround(0.7);
  expect(read("encoder.bn.weight")).toEqual(seededTensor("encoder.bn.weight", [9]).map((value) => value * factor));
  for (const name of ["decoder.bn.weight", "encoder.bn.bias"]) expect(read(name)).toEqual(seededTensor(name, [9]));
  expect(seededName()).toBe("seeded 1");
  expect(seededName(scale)).toBe("seeded 1, encoder.*.bn.weight x 0.7");
});
