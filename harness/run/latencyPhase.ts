import { randomUUID } from "node:crypto";
import { loadavg } from "node:os";
import type { Dataset, ImageId } from "../api.ts";
import { readEnvironment } from "../measure/environment.ts";
import { otherWork } from "../measure/otherWork.ts";
import { interleavedRounds, type Turn } from "../measure/schedule.ts";
import { untimed } from "../measure/timing.ts";
import { warmUpUntilStable } from "../measure/warmUp.ts";
import { timedBoxes } from "../prompts/timedBoxes.ts";
import { random } from "../stats/random.ts";
import { median } from "../stats/summary.ts";
import type { LatencyTurn } from "../store/latency.ts";
import { rowName } from "../store/rowName.ts";
import type { Manifest } from "../store/schema.ts";
import type { LatencySample } from "../worker/latency.ts";
import type { MeasuredMemory } from "../worker/modelMemory.ts";
import { expectedBytes, untimedWork } from "./accuracyQueue.ts";
import { type Candidate, LatencyWorkers, type MemorySample } from "./latencyWorkers.ts";
import { readablePhotos } from "./photos.ts";
import type { OpenedRun, RunRequest } from "./request.ts";

const defaults = {
  /** Turns go through this many photos; in the same round every variant has the same photo. */
  photos: 8,
};

/** Receives what a run's record would say if the rounds so far were all. */
export type LookAt = (records: ReadonlyMap<string, Partial<Manifest>>, rounds: number) => Promise<void>;

/** Measures the latency of all runs by turns, and the memory of each by stage. `look` is called between rounds. */
export async function measureLatency(
  opened: readonly OpenedRun[],
  request: RunRequest,
  look: LookAt = async () => undefined,
): Promise<void> {
  const runs = new Map(opened.map(({ run }) => [run.id, run]));
  const speeds = new Map<string, number[]>(opened.map(({ run }) => [run.id, []]));
  for (const { run } of opened) await run.clearLatency();
  const candidates = opened.map(({ run, prepared }) => ({
    name: run.id,
    row: prepared.row,
    setup: prepared.setup,
    bytes: expectedBytes(prepared),
  }));
  const recordOfRun = (taken: Omit<TurnsTaken, "lost">, name: string): Partial<Manifest> => ({
    // The figures are of this machine: the run may have come here from another.
    environment: readEnvironment(),
    ...memoryOf(taken, name),
    promptsPerSecond: median(speeds.get(name)!),
  });
  const taken = await takeTurns(candidates, request, {
    async take(name, turn) {
      for (const { prompts, durationMs } of turn.batches ?? []) speeds.get(name)!.push((1000 * prompts) / durationMs);
      await runs.get(name)!.appendLatency(turn);
    },
    async roundEnded(rounds, soFar) {
      const { everyRounds = Number.POSITIVE_INFINITY } = request.interim ?? {};
      if (rounds % everyRounds !== 0 || rounds === request.plan.latency.rounds) return;
      const measured = [...runs.keys()].filter((name) => !soFar.lost.has(name));
      await look(new Map(measured.map((name) => [name, recordOfRun(soFar, name)])), rounds);
    },
  });
  if (taken === undefined) return;
  for (const [name, run] of runs) {
    const message = taken.lost.get(name);
    if (message === undefined) {
      await run.update(recordOfRun(taken, name));
      continue;
    }
    request.observer.note(`${rowName(run.manifest.variant)}: given up, ${message}`);
    await run.update({ status: { state: "failed", message } });
  }
}

/** Receives turns as they are measured. */
export interface TurnTaker {
  take(name: string, turn: LatencyTurn): Promise<void> | void;
  /** Is called when a measured round is complete, with the number of these; the next turn waits for it. */
  roundEnded?(rounds: number, taken: TurnsTaken): Promise<void>;
}

interface TurnsTaken {
  /** Memory of the model by stage, for every candidate that was not lost. */
  readonly memory: ReadonlyMap<string, MeasuredMemory>;
  /** Peaks of the processes that took turns; they include the data set. */
  readonly harnessMemory: ReadonlyMap<string, number>;
  /** Reason for each candidate that was lost. */
  readonly lost: ReadonlyMap<string, string>;
}

/**
 * Measures candidates: after warm-up rounds they take turns in a seeded order, one at a time. Candidates that do not fit into
 * memory together start a process for each turn, whose loading and first image are not measured. A candidate whose worker dies
 * gets another worker, and is lost at the third death; the others go on. Returns nothing after Ctrl-C.
 */
export async function takeTurns(
  candidates: readonly Candidate[],
  { plan, observer, signal, timing = untimed }: Pick<RunRequest, "plan" | "observer" | "signal" | "timing">,
  taker: TurnTaker,
): Promise<TurnsTaken | undefined> {
  const photos = await timing.timed("photos", () => readablePhotos(plan.dataset, defaults.photos));
  const workers = await LatencyWorkers.start(candidates, {
    sample: await timing.timed("photos", () => memorySample(plan.dataset, photos[0]!)),
    imageTimeoutMs: plan.imageTimeoutMs,
    untimed: untimedWork({ plan }),
    timing,
  });
  const byName = new Map(candidates.map((each) => [each.name, each]));
  const { warmup, rounds } = plan.latency;
  // The session's id is not drawn by the plan's seed: two sessions of one plan are two.
  const session = randomUUID();
  const rest = otherWork();
  let others: number | undefined;
  const turns = interleavedRounds([...byName.keys()], warmup + rounds, random(plan.seed, "latency", "order"));
  try {
    if (workers.together === false)
      observer.note("the variants do not fit into memory together: each turn starts a process anew");
    else if (plan.runtime.provider !== "cpu") await settle(workers, candidates, photos[0]!, { observer, signal });
    for (const [done, turn] of turns.entries()) {
      if (signal.aborted) return undefined;
      const each = byName.get(turn.name)!;
      observer.rounds(done, turns.length, each.row);
      const image = photos[turn.round % photos.length]!;
      const load = loadavg()[0]!;
      // Once a round: to read all processes takes longer than a short turn.
      if (turn.turn === 0) others = rest.coresSinceLast() ?? others;
      const work = turn.round < warmup ? "latency-warmup" : "latency-rounds";
      const sample = await workers.turn(each, image, work);
      if (sample !== undefined && turn.round >= warmup)
        await taker.take(turn.name, recordOf(turn, { session, image, sample, warmup, load, others }));
      const counted = turn.round - warmup + 1;
      if (turn.turn === candidates.length - 1 && counted > 0) await taker.roundEnded?.(counted, workers);
    }
  } finally {
    await workers.close();
  }
  return { memory: workers.memory, harnessMemory: workers.harnessMemory, lost: workers.lost };
}

/** Reads the first photo and its first box: every variant's memory is measured on them. */
async function memorySample(dataset: Dataset, image: ImageId): Promise<MemorySample> {
  const photo = await dataset.read(image);
  return { photo, box: timedBoxes(dataset, image, photo.size)[0]! };
}

/** Returns a candidate's memory in the manifest's fields. */
function memoryOf({ memory, harnessMemory }: Omit<TurnsTaken, "lost">, name: string): Partial<Manifest> {
  const { load, encode, decode, gpu } = memory.get(name)!;
  return {
    modelMemory: { load, encode, decode },
    harnessMemory: harnessMemory.get(name)!,
    gpuMemory: gpu,
  };
}

/** Runs each variant until it is steady: a GPU's first images compile and tune kernels, and how many that takes differs. */
async function settle(
  workers: LatencyWorkers,
  candidates: readonly Candidate[],
  photo: ImageId,
  { observer, signal }: Pick<RunRequest, "observer" | "signal">,
) {
  for (const each of candidates) {
    if (signal.aborted) return;
    const { stable, samples } = await warmUpUntilStable(
      async () => (await workers.turn(each, photo, "latency-warmup"))?.encodeMs ?? 0,
    );
    if (!stable) observer.note(`${each.row}: encode is not steady after ${samples} images; its latency may drift`);
  }
}

interface Measured {
  readonly session: string;
  readonly image: ImageId;
  readonly sample: LatencySample;
  readonly warmup: number;
  readonly load: number;
  readonly others: number | undefined;
}

function recordOf({ round, turn }: Turn, { session, image, sample, warmup, load, others }: Measured): LatencyTurn {
  return {
    kind: "turn",
    session,
    round: round - warmup,
    turn,
    image,
    load,
    others,
    prepareMs: [sample.prepareMs],
    encodeMs: [sample.encodeMs],
    decodeMs: [sample.decodeMs],
    upscaleMs: [sample.upscaleMs],
    transferMs: sample.transferMs === undefined ? undefined : [sample.transferMs],
    batches: [sample.batch],
  };
}
