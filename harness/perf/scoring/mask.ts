import { type Command, type Console, line } from "../../commands/terminal/command.ts";
import {
  areaOf,
  decodeRle,
  encodeRle,
  iou,
  maskAbove,
  maskFromLogits,
  maskWithStability,
  upscaleLogits,
} from "../../mask/index.ts";
import { timedSync } from "../../measure/clock.ts";
import { interleavedRounds } from "../../measure/schedule.ts";
import { random } from "../../stats/random.ts";
import { printRatios, printSamples, type Samples } from "../comparison.ts";

/** One job that is done two ways, which must give the same answer. */
interface Pair {
  readonly job: string;
  readonly names: readonly [string, string];
  readonly ways: readonly [() => number, () => number];
}

export const mask: Command = {
  name: "mask",
  describe: "Masks from logits and IoU of run lengths, against the same through bitmaps; a mask with its stability",
  arguments: [],
  options: { rounds: { describe: "measured turns of each", type: "number", default: 40 } },
  examples: [["npm run perf -- mask", "one mask at 640 x 480 from 256 x 256 logits; IoU of two masks"]],
  async run(args, console) {
    for (const pair of [upscalePair(), stabilityPair(), iouPair()]) measurePair(pair, args.rounds as number, console);
    return 0;
  },
};

/** Measures two ways by turns in one process; the first fifth of the rounds warms up. */
function measurePair({ job, names, ways }: Pair, rounds: number, console: Console): void {
  if (ways[0]() !== ways[1]()) throw new Error(`${job}: the two ways differ`);
  const samples = names.map((name): Samples => ({ name, durationMs: [] })) as [Samples, Samples];
  const warmup = Math.ceil(rounds / 5);
  for (const { name, round } of interleavedRounds(["0", "1"], warmup + rounds, random(0, "perf", job))) {
    const { durationMs } = timedSync(ways[Number(name)]!);
    if (round >= warmup) samples[Number(name)]!.durationMs.push(durationMs);
  }
  printSamples(job, samples, 3, console);
  printRatios(samples[0], samples[1], true, console);
  line(console, "");
}

const low = 256;
const geometry = {
  image: { height: 480, width: 640 },
  resized: { height: 768, width: 1024 },
  offset: { x: 0, y: 0 },
  frame: { height: 1024, width: 1024 },
};
const spec = { path: "model-frame", interpolation: "bilinear", threshold: ">0" } as const;

/** Returns a wavy shape over half of the image: it has many runs, and few of them are long. */
function logits(phase: number): Float32Array {
  return Float32Array.from({ length: low * low }, (_, i) => {
    const x = ((i % low) / low) * 2 * Math.PI;
    const y = (Math.floor(i / low) / low) * 2 * Math.PI;
    return 6 * Math.sin(3 * x + phase) * Math.cos(2 * y) + 0.5;
  });
}

function upscalePair(): Pair {
  const values = logits(0.7);
  return {
    job: "logits to mask, 640 x 480",
    names: ["run lengths from the operators", "image, threshold, encode"],
    ways: [
      () => maskFromLogits(values, geometry, spec).counts.length,
      () => encodeRle(above(upscaleLogits(values, geometry, spec)), geometry.image).counts.length,
    ],
  };
}

function above(image: Float32Array): Uint8Array {
  const bitmap = new Uint8Array(image.length);
  for (let i = 0; i < image.length; i++) bitmap[i] = image[i]! > 0 ? 1 : 0;
  return bitmap;
}

function stabilityPair(): Pair {
  const values = logits(0.7);
  const offset = 1;
  const areaAbove = (level: number) => areaOf(maskAbove(values, { geometry, spec, level }));
  return {
    job: "logits to mask and stability, 640 x 480",
    names: ["one walk for all levels", "a mask for each level"],
    ways: [
      () => {
        const { mask, stability } = maskWithStability(values, { geometry, spec, offset });
        return mask.counts.length + stability;
      },
      () => maskFromLogits(values, geometry, spec).counts.length + areaAbove(offset) / areaAbove(-offset),
    ],
  };
}

function iouPair(): Pair {
  const a = maskFromLogits(logits(0.7), geometry, spec);
  const b = maskFromLogits(logits(0.9), geometry, spec);
  return {
    job: "IoU of two masks, 640 x 480",
    names: ["run lengths", "bitmaps"],
    ways: [
      () => iou(a, b),
      () => {
        const first = decodeRle(a);
        const second = decodeRle(b);
        let both = 0;
        let either = 0;
        for (let i = 0; i < first.length; i++) {
          both += first[i]! & second[i]!;
          either += first[i]! | second[i]!;
        }
        return both / either;
      },
    ],
  };
}
