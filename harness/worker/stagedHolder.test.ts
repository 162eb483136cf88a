import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RgbImage } from "../api.ts";
import { timed } from "../measure/clock.ts";
import type { HeldImage, HeldPrediction, ImageHolder } from "./heldImage.ts";
import { stagedHolder, stagesByName } from "./stagedHolder.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const photo = { size: { height: 1, width: 1 }, pixels: new Uint8Array(3) } satisfies RgbImage;
const asked = { looksAt: "single mask" } as const;
const pass = (ms: number) => void vi.advanceTimersByTime(ms);

/** A holder that takes 3 ms to prepare, 20 to encode, 100 to decode, 7 for a mask, and a memory that it moves meanwhile. */
function machine() {
  const memory = { peak: 0, reads: 0 };
  const grow = (bytes: number) => {
    memory.peak = Math.max(memory.peak, bytes);
  };
  const prediction = {
    mask: () => {
      pass(7);
      grow(40);
      return "mask";
    },
  } as unknown as HeldPrediction;
  const held: HeldImage = {
    lacks: [],
    async decode(prompts) {
      pass(100);
      grow(300);
      return prompts.map(() => prediction);
    },
  };
  const holder: ImageHolder = {
    prepare() {
      pass(3);
      return {
        async hold() {
          pass(20);
          grow(900);
          return { value: held, durationMs: 23 };
        },
      };
    },
    timed: (step) => timed(step),
  };
  const reader = {
    residentBytes: () => 10,
    peakBytes() {
      // A reading takes time too, which belongs to nothing.
      pass(1000);
      return memory.peak;
    },
    resetPeak() {
      memory.peak = 10;
      return true;
    },
  };
  return { holder, reader };
}

test("each stage has its own time, filter has the rest, and together they are the step's", async () => {
  const { holder, reader } = machine();
  const staged = stagedHolder(holder, reader);
  const { durationMs } = await staged.timed(async () => {
    const { value } = await staged.prepare(photo).hold();
    const [first] = await value.decode([{ frame: "image", points: [] }], asked);
    first!.mask(0);
    first!.mask(1);
    pass(5);
  });
  const [taken] = staged.taken();
  expect(taken!.ms).toEqual({ prepare: 3, encode: 20, decode: 100, upscale: 14, filter: 5 });
  expect(durationMs).toBe(142);
  expect(staged.taken()).toEqual([]);
});

test("each stage has the peak of its own time, masks that of all between encode and decode", async () => {
  const { holder, reader } = machine();
  const staged = stagedHolder(holder, reader);
  await staged.timed(async () => {
    const { value } = await staged.prepare(photo).hold();
    const [first] = await value.decode([{ frame: "image", points: [] }], asked);
    first!.mask(0);
  });
  expect(staged.taken()[0]!.peakBytes).toEqual({ encode: 900, decode: 300, masks: 40 });
});

test("where peaks can not be reset there are times alone", async () => {
  const { holder, reader } = machine();
  const staged = stagedHolder(holder, { ...reader, resetPeak: () => false });
  await staged.timed(async () => pass(1));
  expect(staged.taken()[0]).toMatchObject({ peakBytes: undefined, ms: { filter: 1 } });
});

test("an image that is encoded before is a part of each pass that uses it, and of no other", async () => {
  const { holder, reader } = machine();
  const staged = stagedHolder(holder, reader);
  const whole = await staged.prepare(photo).hold();
  const uses = async () => void (await whole.value.decode([{ frame: "image", points: [] }], asked));
  const encodesOwn = async () => void (await staged.prepare(photo).hold());
  const times = [await staged.timed(uses), await staged.timed(encodesOwn), await staged.timed(uses)];
  const [a, b, c] = times.map(({ durationMs }) => durationMs);
  const wholeMs = { a: a! + whole.durationMs, b: b!, c: c! + whole.durationMs };
  const stages = stagesByName(staged.taken(), [["a"], ["b"], ["c"]], wholeMs);
  expect(stages.a!.ms).toEqual({ prepare: 3, encode: 20, decode: 100, upscale: 0, filter: 0 });
  expect(stages.b!.ms).toEqual({ prepare: 3, encode: 20, decode: 0, upscale: 0, filter: 0 });
  expect(stages.c).toEqual(stages.a);
  expect(stages.a!.peakBytes).toMatchObject({ encode: 900, decode: 300 });
});
