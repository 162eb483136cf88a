import { randomUUID } from "node:crypto";
import { loadavg } from "node:os";
import type { Dataset, ImageId } from "../../api.ts";
import { systemClock } from "../../measure/clock.ts";
import { readEnvironment } from "../../measure/environment.ts";
import type { Group } from "../../measure/groups.ts";
import { parseCpus } from "../../measure/machine/cpus.ts";
import { clockMhz } from "../../measure/machine/frequency.ts";
import { otherWork } from "../../measure/otherWork.ts";
import { latencySchedule, type ScheduledTurn } from "../../measure/schedule.ts";
import type { TimeLimit } from "../../measure/timeLimit.ts";
import { untimed } from "../../measure/timing.ts";
import { warmUpUntilStable } from "../../measure/warmUp.ts";
import { withRounds } from "../../plan/latencySettings.ts";
import { timedBoxes } from "../../prompts/timedBoxes.ts";
import { random } from "../../stats/random.ts";
import { median } from "../../stats/summary.ts";
import type { LatencyTurn } from "../../store/latency.ts";
import { rowName } from "../../store/rowName.ts";
import type { Manifest } from "../../store/schema.ts";
import type { LatencySample } from "../../worker/latency.ts";
import type { MeasuredMemory } from "../../worker/modelMemory.ts";
import { expectedBytes, untimedWork } from "../accuracyQueue.ts";
import { readablePhotos } from "../photos.ts";
import type { OpenedRun, RunRequest } from "../request.ts";
import { type Candidate, LatencyWorkers, type MemorySample } from "./latencyWorkers.ts";

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
  for (const { run } of opened) {
    await run.clearLatency();
    // The number of an earlier phase must not make a phase that is cut off look whole.
    await run.update({ rounds: request.plan.latency.rounds });
  }
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
    rounds: taken.rounds,
    // Measured beside earlier latencies, maybe on another machine.
    coldStart: undefined,
    energy: undefined,
  });
  let shown = 0;
  const taken = await takeTurns(candidates, request, {
    async take(name, turn) {
      for (const { prompts, durationMs } of turn.batches ?? []) speeds.get(name)!.push((1000 * prompts) / durationMs);
      await runs.get(name)!.appendLatency(turn);
    },
    async roundEnded(rounds, soFar) {
      const { everyRounds = Number.POSITIVE_INFINITY } = request.interim ?? {};
      if (rounds - shown < everyRounds || rounds === request.plan.latency.rounds) return;
      shown = rounds;
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
    request.observer.note(`${rowName(run.manifest)}: given up, ${message}`);
    await run.update({ status: { state: "failed", message } });
  }
}

type TurnsRequest = Pick<RunRequest, "plan" | "observer" | "signal" | "memoryBytes" | "timeLimit" | "timing">;

/** Receives turns as they are measured. */
export interface TurnTaker {
  take(name: string, turn: LatencyTurn): Promise<void> | void;
  /**
   * Is called when all candidates have had the same number of measured rounds, with that number; the next turn waits for it.
   */
  roundEnded?(rounds: number, taken: TurnsTaken): Promise<void>;
}

interface TurnsTaken {
  /** Memory of the model by stage, for every candidate that was not lost. */
  readonly memory: ReadonlyMap<string, MeasuredMemory>;
  /** Peaks of the processes that took turns; they include the data set. */
  readonly harnessMemory: ReadonlyMap<string, number>;
  /** Reason for each candidate that was lost. */
  readonly lost: ReadonlyMap<string, string>;
  /** Measured rounds of every candidate that was not lost. */
  readonly rounds: number;
}

/**
 * Measures candidates: after warm-up rounds they take turns in a seeded order, one at a time. Candidates that do not fit into
 * memory together are parted into groups, which are loaded by turns. A candidate whose worker dies gets another worker, and is
 * lost at the third death; the others go on. Returns nothing after Ctrl-C.
 */
export async function takeTurns(
  candidates: readonly Candidate[],
  { plan, observer, signal, memoryBytes, timeLimit, timing = untimed }: TurnsRequest,
  taker: TurnTaker,
): Promise<TurnsTaken | undefined> {
  const photos = await timing.timed("photos", () => readablePhotos(plan.dataset, defaults.photos));
  const workers = await LatencyWorkers.start(candidates, {
    sample: await timing.timed("photos", () => memorySample(plan.dataset, photos[0]!)),
    imageTimeoutMs: plan.imageTimeoutMs,
    untimed: untimedWork(candidates.map(({ setup }) => setup.runtime.provider)),
    timing,
    memoryBytes,
  });
  const byName = new Map(candidates.map((each) => [each.name, each]));
  const { groups } = workers;
  // The session's id is not drawn by the plan's seed: two sessions of one plan are two.
  const session = randomUUID();
  const cpus = plan.cpus === undefined ? undefined : parseCpus(plan.cpus);
  const rest = otherWork({ cores: cpus?.length });
  const about: { others?: number | undefined; clock?: number | undefined } = {};
  const planned = roundsOf(workers, candidates, { plan, timeLimit });
  const turns = latencySchedule(groups, withRounds(plan.latency, planned), random(plan.seed, "latency", "order"));
  let rounds = 0;
  let roundBegan = systemClock.nowMs();
  const firstRound = Math.min(0, ...turns.map(({ round }) => round));
  let group: number | undefined;
  try {
    if (groups.length > 1) observer.note(groupsText(groups));
    for (const [done, turn] of turns.entries()) {
      if (signal.aborted) return undefined;
      if (turn.group !== group) {
        group = turn.group;
        const own = groups[group]!.map((name) => byName.get(name)!);
        await loadGroup(workers, own, { observer, signal, photo: photos[0]! });
      }
      const each = byName.get(turn.name)!;
      observer.rounds(done, turns.length, each.row);
      const image = photos[(turn.round - firstRound) % photos.length]!;
      const load = loadavg()[0]!;
      // Once a round: to read all processes takes longer than a short turn.
      if (turn.turn === 0) about.others = rest.coresSinceLast() ?? about.others;
      const sample = await workers.turn(each, image, turn.round < 0 ? "latency-warmup" : "latency-rounds");
      // The processors were busy until now: between turns their clocks fall.
      if (turn.turn === 0) about.clock = clockMhz({ cpus, threads: plan.runtime.threads });
      const inGroups = groups.length > 1;
      if (sample !== undefined && turn.round >= 0)
        await taker.take(turn.name, recordOf(turn, { session, image, sample, load, ...about, inGroups }));
      if (turn.completes === undefined) continue;
      rounds = turn.completes;
      await taker.roundEnded?.(rounds, { ...takenBy(workers), rounds });
      const roundMs = systemClock.nowMs() - roundBegan;
      roundBegan += roundMs;
      if (timeLimit !== undefined && groups.length === 1 && isOver(timeLimit, rounds, roundMs)) break;
    }
    if (timeLimit !== undefined && rounds < plan.latency.rounds)
      observer.note(`latency: ${rounds} of ${plan.latency.rounds} rounds, for ${timeLimit.flag}`);
  } finally {
    await workers.close();
  }
  return { ...takenBy(workers), rounds };
}

/** Loads a group in place of the one before it, and on a GPU runs each variant that is new until it is steady. */
async function loadGroup(
  workers: LatencyWorkers,
  own: readonly Candidate[],
  { photo, ...told }: Pick<TurnsRequest, "observer" | "signal"> & { readonly photo: ImageId },
): Promise<void> {
  const started = await workers.load(own);
  const unsettled = workers.groups.length > 1 ? started : own;
  const onProvider = unsettled.filter(({ setup }) => setup.runtime.provider !== "cpu");
  await settle(workers, onProvider, photo, told);
}

function takenBy({ memory, harnessMemory, lost }: LatencyWorkers): Omit<TurnsTaken, "rounds"> {
  return { memory, harnessMemory, lost };
}

/**
 * Returns the rounds to plan for. In groups they are decided before the first turn, because a schedule that is cut short is not
 * balanced; candidates that are all loaded stop when the time is over.
 */
function roundsOf(
  { groups, memoryMs }: LatencyWorkers,
  candidates: readonly Candidate[],
  { plan, timeLimit }: Pick<TurnsRequest, "plan" | "timeLimit">,
): number {
  if (timeLimit === undefined || groups.length < 2) return plan.latency.rounds;
  const rows = new Map(candidates.map(({ name, row }) => [name, row]));
  const rowGroups = groups.map((names) => names.map((name) => rows.get(name)!));
  return timeLimit.roundsThatFit({ groups: rowGroups, memoryMs, leftMs: timeLimit.leftMs() });
}

/** Tells whether the time is over before another round would end. */
function isOver({ leastRounds, leftMs }: TimeLimit, rounds: number, roundMs: number): boolean {
  return rounds >= leastRounds && leftMs() < roundMs;
}

function groupsText(groups: readonly Group[]): string {
  const sizes = groups.map(({ length }) => length).join(", ");
  return `the variants do not fit into memory together: they are measured in ${groups.length} groups (of ${sizes}) that are loaded by turns`;
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
  readonly load: number;
  readonly others?: number | undefined;
  readonly clock?: number | undefined;
  readonly inGroups: boolean;
}

function recordOf(
  { round, turn, group, block }: ScheduledTurn,
  { session, image, sample, load, others, clock, inGroups }: Measured,
): LatencyTurn {
  return {
    kind: "turn",
    session,
    round,
    turn,
    group: inGroups ? group : undefined,
    block: inGroups ? block : undefined,
    image,
    load,
    others,
    clockMhz: clock,
    prepareMs: [sample.prepareMs],
    encodeMs: [sample.encodeMs],
    decodeMs: [sample.decodeMs],
    upscaleMs: [sample.upscaleMs],
    transferMs: sample.transferMs === undefined ? undefined : [sample.transferMs],
    batches: [sample.batch],
  };
}
