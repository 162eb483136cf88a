import type { KeptMask, MaskPrediction, Prompt, RgbImage, Variant, VariantManifest } from "../../api.ts";
import { type Command, type Console, line } from "../../commands/terminal/command.ts";
import { HarnessError } from "../../errors.ts";
import { prepare } from "../../image/index.ts";
import { formatCounts } from "../../mask/index.ts";
import { timed } from "../../measure/clock.ts";
import { interleavedRounds } from "../../measure/schedule.ts";
import { cropsOf } from "../../prompts/crops.ts";
import { type Generator, generatorProtocol } from "../../protocols/everything/everythingMode.ts";
import { random } from "../../stats/random.ts";
import { quantile } from "../../stats/summary.ts";
import { runEverything } from "../../worker/everything.ts";
import { embeddedImage, embeddingHolder, type HeldImage } from "../../worker/heldImage.ts";
import { printRatios, printSamples, type Samples } from "../comparison.ts";
import { benchmarkOptions } from "./benchmark.ts";
import { askedVariant, buildSeeded } from "./seeded.ts";

const { variant, rounds, warmup, threads } = benchmarkOptions;

export const everything: Command = {
  name: "everything",
  describe: "The points of everything mode, masks made of those prompts that its filter may keep against masks of all",
  arguments: [],
  options: {
    variant: variant!,
    rounds: { ...rounds!, default: 4 },
    warmup: { ...warmup!, default: 1 },
    threads: threads!,
    side: { describe: "points along a side of the image", type: "number", default: 32 },
    kept: {
      describe: "share of the prompts with a mask that the filter by predicted IoU keeps",
      type: "number",
      default: 0.3,
    },
  },
  examples: [["npm run perf -- everything --variant sam-vit-b --kept 0", "no prompt passes the filter"]],
  async run(args, console) {
    const kept = args.kept as number;
    if (!(kept >= 0 && kept <= 1))
      throw new HarnessError("--kept: not a share", { found: kept, expected: "a number from 0 to 1" });
    const asked = await askedVariant(args);
    const { files } = await buildSeeded(asked, "fused");
    const { plugin, preset, base } = asked;
    const runtime = { provider: "cpu", threads: args.threads as number };
    const loaded = await plugin.load(files, runtime, preset, { base });
    try {
      const ways = await waysOf(loaded, preset, { side: args.side as number, kept });
      await measure(ways, { rounds: args.rounds as number, warmup: args.warmup as number }, console);
    } finally {
      await loaded.close();
    }
    return 0;
  },
};

/** Predictions of so many prompts are in memory at once. */
const promptsAtOnce = 64;

const size = { height: 480, width: 640 };
const image = { id: 1, fileName: "drawn", size };

/** Settings of the published generator, but that no mask is unstable: masks of seeded weights mostly are. */
const generator = {
  prompts: "perf",
  masks: "three",
  leastStability: 0,
  rank: "predicted IoU",
  boxNms: 0.7,
  most: 1000,
} as const satisfies Omit<Generator, "side">;

/** Returns a photo of noise: seeded weights see nothing in any photo. */
function drawnPhoto(): RgbImage {
  const stream = random(0, "perf", "photo");
  return { size, pixels: Uint8Array.from({ length: 3 * size.height * size.width }, () => 256 * stream.next()) };
}

interface Way {
  readonly name: string;
  run(): Promise<readonly KeptMask[]>;
}

/** Returns everything mode on one encoded image, as it is and with a variant that makes all masks. */
async function waysOf(
  variant: Variant,
  preset: VariantManifest,
  { side, kept }: { readonly side: number; readonly kept: number },
): Promise<readonly [Way, Way]> {
  const photo = drawnPhoto();
  const embedding = await variant.encode(prepare(photo, preset.input));
  const heldBy = (by: Variant) => embeddedImage({ variant: by, preset, embedding });
  const above = await thresholdFor(heldBy(variant), { side, kept });
  const protocol = generatorProtocol(
    { module: import.meta.url, id: "perf", title: "perf", about: "", source: "", confidence: "repo", notes: [] },
    [{ ...generator, side, sure: { above } }],
  );
  const pass = protocol.passes[0]!;
  const way = (name: string, by: Variant): Way => {
    const holder = embeddingHolder({ ...by, checkedMs: 0 }, preset);
    const whole = { value: heldBy(by), durationMs: 0 };
    return {
      name,
      run: async () =>
        (await runEverything({ protocol, pass }, pass.everything!, { holder, image, photo, seed: 0, whole })).kept,
    };
  };
  const ofAll: Variant = { ...variant, decode: (encoded, prompts) => variant.decode(encoded, prompts) };
  return [way("masks that may be kept", variant), way("all masks", ofAll)];
}

/** Returns the predicted IoU that the best mask of this share of the prompts exceeds. */
async function thresholdFor(
  held: HeldImage,
  { side, kept }: { readonly side: number; readonly kept: number },
): Promise<number> {
  const { targets } = cropsOf(image, { side, layers: 0, downscale: 1 })[0]!;
  const best: number[] = [];
  for (let start = 0; start < targets.length; start += promptsAtOnce) {
    const prompts = targets.slice(start, start + promptsAtOnce).map(({ box }): Prompt<"image"> => {
      return { frame: "image", points: [{ x: box.x0, y: box.y0, label: 1 }] };
    });
    for (const { prediction } of await held.decode(prompts, { looksAt: "three masks" }))
      best.push(bestIou(prediction, held));
  }
  return quantile(best, 1 - kept);
}

function bestIou(prediction: MaskPrediction, { lacks }: HeldImage): number {
  if (prediction.kind !== "logits") throw new HarnessError("perf everything: the variant gives no logits");
  return Math.max(...prediction.predictedIou.subarray(lacks.includes("single-mask-token") ? 0 : 1));
}

async function measure(
  ways: readonly [Way, Way],
  { rounds, warmup }: { readonly rounds: number; readonly warmup: number },
  console: Console,
): Promise<void> {
  const samples = ways.map(({ name }): Samples => ({ name, durationMs: [] })) as [Samples, Samples];
  const masks = new Set<string>();
  for (const { name, round } of interleavedRounds(["0", "1"], warmup + rounds, random(0, "perf", "everything"))) {
    const { value: kept, durationMs } = await timed(ways[Number(name)]!.run);
    if (round >= warmup) samples[Number(name)]!.durationMs.push(durationMs);
    masks.add(
      kept.map((each) => `${each.target.id} ${each.token} ${each.score} ${formatCounts(each.mask)}`).join("\n"),
    );
    if (masks.size > 1) throw new Error("everything: the two ways keep different masks");
    if (console.notes.isTTY) console.notes.write(`\r${ways[Number(name)]!.name}: round ${round + 1}\u001b[K`);
  }
  if (console.notes.isTTY) console.notes.write("\r\u001b[K");
  printSamples("", samples, 0, console);
  printRatios(samples[0], samples[1], true, console);
  line(console, `${rounds} rounds after ${warmup} of warm-up, the same masks by both`);
}
