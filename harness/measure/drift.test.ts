import { expect, test } from "vitest";
import { normal, random } from "../stats/random.ts";
import { driftWarnings, int8Warnings, otherWorkWarnings } from "./drift.ts";

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

test("two speeds of which either may be the median are told apart, and are no proof of other work", () => {
  const samples = noise(3, 30).map((sample, i) => (i % 2 === 0 ? sample * 1.6 : sample));
  const [warning] = driftWarnings({ about: "encode", samples, settings });
  expect(warning).toMatchObject({ ask: "rounds" });
  expect(warning!.text).toMatch(
    /^encode: the median of 30 samples is known from (99|100) ms to 1(59|60|61) ms only: there are two speeds, 15 samples around (99|100) ms and 15 around 1(59|60|61) ms/,
  );
});

test("a slower speed of a few samples leaves the median where it is", () => {
  expect(textOf(noise(3, 30).map((sample, i) => (i % 5 === 0 ? sample * 1.4 : sample)))).toBeUndefined();
});

test("outliers alone do not move the median, however far off they are", () => {
  const samples = noise(4, 30).map((sample, i) => ([5, 15, 25].includes(i) ? sample * 4 : sample));
  expect(textOf(samples)).toBeUndefined();
});

test("outliers are counted where the median is unsure beside them", () => {
  const samples = [...Array.from({ length: 6 }, (_, i) => 60 + i), ...Array.from({ length: 7 }, (_, i) => 90 + i)];
  const sorted = [...samples, 109, 110, 111, 112, 600, 620, 640];
  // In an order without drift: 7 and 20 have no common factor.
  expect(textOf(sorted.map((_, i) => sorted[(7 * i) % 20]!))).toMatch(
    /^encode: the median of 20 samples is known from 65 ms to 110 ms only; 3 were far off \(up to 640 ms\), as if something else ran\. Close/,
  );
});

test("a median that another run would not repeat asks for as many rounds as bring it below the limit", () => {
  const stream = random(6, "wide");
  const draw = (n: number) => Array.from({ length: n }, () => 100 + 80 * (stream.next() - 0.5) * 2);
  const found = /only.* raise --rounds \(now 20\) to (\d+)\.$/.exec(
    driftWarnings({ about: "encode", samples: draw(20), settings: { warmup: 3, rounds: 20 } })[0]!.text,
  );
  const rounds = Number(found![1]);
  expect(rounds).toBeGreaterThan(20);
  const again = Array.from({ length: 50 }, () => textOf(draw(rounds)));
  expect(again.filter((text) => text !== undefined).length).toBeLessThan(10);
});

/** Draws the totals of a run of 12 rows by 20 rounds, with the share by which samples lie apart. */
const runOf = (seed: number, apart: number) => {
  const stream = random(seed, "totals of a run");
  return Array.from({ length: 12 }, (_, row) =>
    Array.from({ length: 20 }, () => {
      const usual = (row + 4) * Math.exp(apart * normal(stream));
      return stream.next() < 0.05 ? 2 * usual : usual;
    }),
  );
};
const warnedRows = (seed: number, apart: number) =>
  runOf(seed, apart).filter((samples) => textOf(samples) !== undefined).length;

test("a quiet machine at the defaults has no warning in 19 of 20 runs of 12 rows: samples 13 % apart, one in twenty twice as long", () => {
  const warned = Array.from({ length: 200 }, (_, seed) => warnedRows(seed, 0.13)).filter((rows) => rows > 0);
  expect(warned.length).toBeLessThanOrEqual(10);
});

test("a machine whose samples lie 40 % apart is told of in every run, in most of its rows", () => {
  const rows = Array.from({ length: 200 }, (_, seed) => warnedRows(seed, 0.4));
  expect(Math.min(...rows)).toBeGreaterThan(0);
  expect(rows.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(0.5 * 12 * 200);
});

test("too few samples are said to be too few, with how far they lie apart", () => {
  const few = { warmup: 3, rounds: 8 };
  const samples = [100, 152, 101, 103, 100, 102, 104, 120];
  expect(driftWarnings({ about: "encode", samples, settings: few })).toEqual([
    {
      about: "encode",
      text: "encode: 8 samples are too few to tell drift, two speeds or outliers, and they lie up to 52 % apart. Raise --rounds (now 8) to 20.",
      ask: "rounds",
    },
  ]);
  expect(driftWarnings({ about: "encode", samples: [100], settings: { warmup: 0, rounds: 1 } })[0]!.text).toBe(
    "encode: 1 sample is too few to tell drift, two speeds or outliers. Raise --rounds (now 1) to 20.",
  );
  expect(driftWarnings({ about: "encode", samples: [], settings })).toEqual([]);
});

test("other work is named with what it took of this machine, in the middle round", () => {
  expect(otherWorkWarnings({ busy: [], cores: 2 })).toEqual([]);
  // What a quiet machine counts, with a burst that no median moves with.
  expect(otherWorkWarnings({ busy: [0.03, 0, 0.02, 0.01, 1.9], cores: 2 })).toEqual([]);
  expect(otherWorkWarnings({ busy: [0.19, 0.19, 0.19], cores: 2 })).toEqual([]);
  expect(otherWorkWarnings({ busy: [1.5, 1.5], cores: 16 })).toEqual([]);
  expect(otherWorkWarnings({ busy: [0.3, 0.3, 0], cores: 2 })).toHaveLength(1);
  expect(otherWorkWarnings({ busy: [1.7, 1.7], cores: 16 })).toHaveLength(1);
  expect(otherWorkWarnings({ busy: [0.2, 1.9, 1.9], cores: 2 })).toEqual([
    {
      about: "latency",
      text: expect.stringContaining("other programs kept 1.9 of 2 cores busy"),
      ask: "quiet",
      cores: { busy: 1.9, all: 2 },
    },
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
