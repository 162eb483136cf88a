import { expect, test } from "vitest";
import { normal, random } from "../stats/random.ts";
import { driftWarnings, int8Warnings, loadWarnings } from "./drift.ts";

const settings = { warmup: 3, rounds: 30 };
const textOf = (samples: readonly number[]) => driftWarnings({ about: "encode", samples, settings })[0]?.text;

/** Draws samples of about 100 ms with a standard deviation of 1 ms. */
const noise = (seed: number, n: number) => {
  const stream = random(seed, "noise");
  return Array.from({ length: n }, () => 100 + normal(stream));
};

test("steady samples are believed", () => {
  for (let seed = 0; seed < 200; seed++)
    for (const n of [9, 12, 30, 100]) expect(textOf(noise(seed, n))).toBeUndefined();
  expect(textOf(new Array<number>(30).fill(5))).toBeUndefined();
});

test("a slow start asks for more warm-up than is set", () => {
  const samples = noise(1, 30).map((sample, i) => (i < 10 ? sample * 1.12 : sample));
  expect(textOf(samples)).toMatch(
    /^encode: the first third was 1[123] % slower than the last \(caches or clock frequency\)\. Raise --warmup \(now 3\)\.$/,
  );
});

test("a slow end asks for rest, not for more rounds", () => {
  const samples = noise(2, 30).map((sample, i) => sample * (1 + 0.01 * i));
  expect(textOf(samples)).toMatch(/^encode: the last third was [12]\d % slower than the first .*Let the machine rest/);
});

test("nine samples warn of a drift only when first and last third do not overlap", () => {
  expect(textOf([112, 113, 111, 105, 104, 103, 100, 101, 99])).toContain("the first third was 12 % slower");
  expect(textOf([112, 113, 99, 105, 104, 103, 100, 101, 100]) ?? "").not.toContain("first third");
});

test("two speeds are told apart", () => {
  const samples = noise(3, 30).map((sample, i) => (i % 3 === 0 ? sample * 1.4 : sample));
  expect(textOf(samples)).toMatch(/^encode: two speeds: 20 samples around (99|100) ms and 10 around 1(39|40|41) ms/);
});

test("outliers are counted", () => {
  const samples = noise(4, 30).map((sample, i) => ([5, 15, 25].includes(i) ? sample * (1.5 + i / 10) : sample));
  expect(textOf(samples)).toMatch(/^encode: 3 of 30 samples were far off the median of 100 ms \(up to (39|40)\d ms\)/);
});

test("one outlier in thirty is what happens", () => {
  expect(textOf(noise(5, 30).map((sample, i) => (i === 15 ? 300 : sample)))).toBeUndefined();
});

test("a wide spread without shape asks for more rounds than are set", () => {
  const stream = random(6, "wide");
  const samples = Array.from({ length: 60 }, () => 100 + 30 * (stream.next() - 0.5) * 2);
  expect(textOf(samples)).toMatch(
    /^encode: the middle half of 60 samples spans [23]\d % of the median\..* raise --rounds \(now 30\)/,
  );
});

test("too few samples are said to be too few, with how far they lie apart", () => {
  const few = { warmup: 3, rounds: 8 };
  const samples = [100, 152, 101, 103, 100, 102, 104, 120];
  expect(driftWarnings({ about: "encode", samples, settings: few })).toEqual([
    {
      about: "encode",
      text: "encode: 8 samples are too few to tell drift, two speeds or outliers, and they lie up to 52 % apart. Raise --rounds (now 8) to 20.",
    },
  ]);
  expect(driftWarnings({ about: "encode", samples: [100], settings: { warmup: 0, rounds: 1 } })[0]!.text).toBe(
    "encode: 1 sample is too few to tell drift, two speeds or outliers. Raise --rounds (now 1) to 20.",
  );
  expect(driftWarnings({ about: "encode", samples: [], settings })).toEqual([]);
});

test("other load is named with what it is on this machine", () => {
  expect(loadWarnings({ load: 0.3, cores: 2 })).toEqual([]);
  expect(loadWarnings({ load: 1.9, cores: 16 })).toEqual([]);
  expect(loadWarnings({ load: 1.9, cores: 2 })).toEqual([
    { about: "latency", text: expect.stringContaining("load average 1.9 on 2 cores") },
  ]);
});

test.each([
  ["x86 without VNNI", ["fma", "avx2", "avx512f"], 1],
  ["x86 with VNNI", ["avx2", "avx_vnni"], 0],
  ["x86 with AVX-512 VNNI", ["avx2", "avx512f", "avx512_vnni"], 0],
  ["ARM", ["asimd", "asimddp"], 0],
])("integers on %s", (_, flags, count) => {
  const warnings = int8Warnings({ about: "sam-fast/sam-nano encode", flags });
  expect(warnings).toHaveLength(count);
  for (const { text } of warnings) expect(text).toMatch(/^sam-fast\/sam-nano encode: int8 products .* VNNI/);
});
