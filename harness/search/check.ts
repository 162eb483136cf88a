import { join } from "node:path";
import type { ImageId, SearchSpace } from "../api.ts";
import { prepare } from "../image/index.ts";
import { timed } from "../measure/clock.ts";
import { interleavedRounds } from "../measure/schedule.ts";
import type { Interval } from "../stats/intervals.ts";
import { meanInterval, pairedDifference, sumByImage } from "../stats/means.ts";
import { random } from "../stats/random.ts";
import { median } from "../stats/summary.ts";
import { replaceFile } from "../store/disk/disk.ts";
import type { FitnessRunner, ImageIou } from "./fitness.ts";
import { paretoFront } from "./pareto.ts";
import type { PartTimes } from "./partTimes.ts";
import type { SearchRecord } from "./record.ts";
import type { Found, SearchRequest } from "./request.ts";
import type { Configuration } from "./space.ts";

const defaults = {
  /** Turns of each encoder, after one that is not counted. */
  rounds: 15,
};

/** One configuration as the search's report shows it. Its latencies are shares of the whole encoder's. */
export interface Candidate {
  readonly id: string;
  readonly values: Configuration;
  /** Sum of the times of its parts. */
  readonly latency: number;
  /** Time of the whole graph. */
  readonly measured: number;
  /** Mean IoU on the images that the search saw. */
  readonly seen: { readonly value: number; readonly n: number };
  /** Mean IoU on the images that the search did not see. */
  readonly unseen?: Interval & { readonly n: number };
}

interface Point {
  readonly id: string;
  readonly latency: number;
  readonly fitness: number;
  /** True where no faster configuration is as good. */
  readonly front: boolean;
}

export interface SearchOutcome {
  readonly folder: string;
  readonly preset: string;
  readonly winner: Candidate;
  /** Configuration with one value throughout, as slow as the bound allows. */
  readonly uniform: Candidate;
  readonly whole: Candidate;
  /** mIoU of the winner less that of the uniform one, on the unseen images; its interval is of paired images. */
  readonly gain?: Interval;
  /** Configurations that this search looked at. */
  readonly looked: number;
  /** All configurations that the record knows. */
  readonly points: readonly Point[];
}

interface Checking extends Found {
  readonly request: SearchRequest;
  readonly space: SearchSpace;
  readonly record: SearchRecord;
  readonly runner: FitnessRunner;
  readonly latencyOf: (values: Configuration) => number;
  readonly times: PartTimes;
  readonly images: { readonly seen: readonly ImageId[]; readonly unseen: readonly ImageId[] };
}

/** Times the winner beside those it is compared with, scores them on images that the search did not see, writes the preset. */
export async function checkCandidates(checking: Checking): Promise<SearchOutcome | undefined> {
  const { space, record, evaluated, uniform, whole, latencyOf, images, request } = checking;
  const trio = [evaluated[0]!.values, uniform, whole];
  const measured = await measureEncoders(checking, trio);
  const unseen: (readonly ImageIou[])[] = [];
  for (const [i, values] of trio.entries()) {
    request.observer.progress("check", i, trio.length, `${values.join(" ")} on ${images.unseen.length} unseen images`);
    const ious = await checking.runner.ious(values, images.unseen);
    if (ious === undefined) return undefined;
    unseen.push(ious);
  }
  const [winner, even, all] = trio.map((values, i): Candidate => {
    const { fitness, n } = record.evaluation(values)!;
    return {
      id: space.idOf(values),
      values,
      latency: latencyOf(values),
      measured: measured[i]!,
      seen: { value: fitness, n },
      unseen: meanInterval(sumByImage(unseen[i]!, images.unseen), { seed: request.plan.seed }),
    };
  }) as [Candidate, Candidate, Candidate];
  const [ours, theirs] = unseen.map((ious) => sumByImage(ious, images.unseen));
  const gain = pairedDifference(ours!, theirs!, { seed: request.plan.seed });
  const points = record.evaluations().map(({ values, fitness }) => ({
    id: space.idOf(values),
    latency: latencyOf(values),
    fitness,
  }));
  const front = new Set(paretoFront(points));
  const outcome: SearchOutcome = {
    folder: record.folder,
    preset: join(record.folder, "preset.json"),
    winner,
    uniform: even,
    whole: all,
    gain,
    looked: evaluated.length,
    points: points.map((point) => ({ ...point, front: front.has(point) })),
  };
  await replaceFile(outcome.preset, `${JSON.stringify(presetOf(outcome, checking), undefined, 2)}\n`);
  return outcome;
}

/** Returns the content of the preset's file: `bench run --preset` reads the id, a reader wants to know the rest. */
function presetOf({ winner, uniform, gain }: SearchOutcome, { request, images, times }: Checking) {
  const { plan, settings } = request;
  return {
    id: winner.id,
    from: plan.chosen[0]!.variant.preset.id,
    winner,
    uniform,
    gain,
    settings,
    seed: plan.seed,
    dataset: plan.dataset.id,
    prompts: plan.prompts.map(({ prompts }) => prompts),
    images: images.seen,
    parts: times,
  };
}

/** Measures the encode time of each over the last one's, by turns on one image. */
async function measureEncoders({ request, runner }: Checking, all: readonly Configuration[]): Promise<number[]> {
  const { plan } = request;
  const image = plan.dataset.images[0]!.id;
  const input = prepare(await plan.dataset.read(image), plan.chosen[0]!.variant.preset.input);
  const turns = interleavedRounds(
    all.map((_, i) => String(i)),
    1 + defaults.rounds,
    random(plan.seed, "search", "check"),
  );
  const samples = all.map((): number[] => []);
  const take = async (encoders: readonly (() => Promise<unknown>)[]) => {
    for (const { name, round } of turns) {
      const { durationMs } = await timed(encoders[Number(name)]!);
      if (round > 0) samples[Number(name)]!.push(durationMs);
    }
  };
  const load = async (encoders: readonly (() => Promise<unknown>)[]): Promise<void> => {
    const next = all[encoders.length];
    if (next === undefined) return take(encoders);
    return runner.withVariant(next, (variant) => load([...encoders, () => variant.encode(input)]));
  };
  await load([]);
  const last = samples.at(-1)!;
  return samples.map((own) => median(own.map((ms, round) => ms / last[round]!)));
}
