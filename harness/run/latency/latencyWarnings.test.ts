import { expect, test } from "vitest";
import { normal, random } from "../../stats/random.ts";
import type { LatencyTurn } from "../../store/latency.ts";
import { latencyWarnings } from "./latencyWarnings.ts";

const settings = { warmup: 3, rounds: 20 };
const cpu = { model: "a cpu", cores: 2, flags: ["avx2", "avx_vnni"] };
const asked = { variant: "sam-nano", cpu, multipliesInt8: false, settings };

interface Planted {
  /** Shares by which samples lie apart. */
  readonly encode: number;
  readonly decode: number;
  /** Cores that other programs kept busy in each round. */
  readonly others?: number;
}

/** Twenty turns whose encode takes about 30 ms and whose decode takes about 4. */
function turns({ encode, decode, others }: Planted): readonly LatencyTurn[] {
  const stream = random(4, "turns");
  return Array.from({ length: 20 }, (_, round) => ({
    kind: "turn",
    round,
    turn: 0,
    prepareMs: [1],
    encodeMs: [30 * Math.exp(encode * normal(stream))],
    decodeMs: [4 * Math.exp(decode * normal(stream))],
    upscaleMs: [1],
    others,
  }));
}

test("a quiet machine draws no warning, though its decode, a tenth of the total, lies a half apart", () => {
  expect(latencyWarnings(turns({ encode: 0.13, decode: 0.5, others: 0.03 }), asked)).toEqual([]);
});

test("an encode that lies as far apart draws one about the total, for nothing was counted that ran beside it", () => {
  expect(latencyWarnings(turns({ encode: 0.5, decode: 0.13, others: 0.03 }), asked)).toEqual([
    { about: "sam-nano total", text: expect.stringMatching(/^sam-nano total: the median .* raise/), ask: "rounds" },
  ]);
});

test("other work is told where it was counted in the rounds of this row", () => {
  expect(latencyWarnings(turns({ encode: 0.13, decode: 0.13, others: 0.6 }), asked)).toEqual([
    expect.objectContaining({ about: "latency", ask: "quiet", cores: { busy: 0.6, all: 2 } }),
  ]);
});

test("other work is judged by the processors that the run is pinned to", () => {
  const busy = turns({ encode: 0.05, decode: 0.05, others: 0.3 });
  const wide = { ...asked, cpu: { ...cpu, cores: 64 } };
  expect(latencyWarnings(busy, wide)).toEqual([]);
  expect(latencyWarnings(busy, { ...wide, cpus: "8,9" })).toEqual([
    expect.objectContaining({ cores: { busy: 0.3, all: 2 } }),
  ]);
});

test("other work beside cold starts is told by itself", () => {
  const quiet = turns({ encode: 0.05, decode: 0.05, others: 0.03 });
  const start = {
    libraryMs: 1,
    readMs: 1,
    createMs: 1,
    encodeMs: 1,
    decodeMs: 1,
    optimisation: "all",
    others: 0.9,
  } as const;
  expect(latencyWarnings(quiet, { ...asked, starts: [start, start, { ...start, others: 0 }] })).toEqual([
    expect.objectContaining({
      about: "cold start",
      text: expect.stringMatching(/0\.9 of 2 cores .* cold starts were/),
    }),
  ]);
});

test("a clock that moved over the rounds is told with the governor that let it", () => {
  const slowing = turns({ encode: 0.05, decode: 0.05 }).map((turn, i) => ({ ...turn, clockMhz: 3400 - 60 * i }));
  expect(latencyWarnings(slowing, { ...asked, cpu: { ...cpu, governor: "schedutil" } })).toEqual([
    { about: "latency", text: expect.stringMatching(/between 2\.37 and 3\.29 GHz .*now schedutil/), ask: "clock" },
  ]);
});

test("integers without VNNI are about encode, and no turns draw nothing", () => {
  const old = { ...asked, cpu: { ...cpu, flags: ["avx2"] }, multipliesInt8: true };
  expect(latencyWarnings(turns({ encode: 0.05, decode: 0.05 }), old)).toEqual([
    expect.objectContaining({ about: "sam-nano encode", ask: "processor" }),
  ]);
  expect(latencyWarnings([], old)).toEqual([]);
});

test("rounds that a time limit left out are told, and advice names the limit, which decides the rounds", () => {
  const limited = { ...asked, taken: 4, maxMinutes: 25 };
  const texts = latencyWarnings(turns({ encode: 0.05, decode: 0.05 }).slice(0, 4), limited).map(({ text }) => text);
  expect(texts).toEqual([
    "latency has 4 of 20 rounds, as --max-minutes 25 left no time for more. Run again without it for all of them.",
    expect.stringMatching(
      /^sam-nano total: 4 samples are too few .* Raise --max-minutes \(now 25, which left 4 rounds\)\.$/,
    ),
  ]);
});
