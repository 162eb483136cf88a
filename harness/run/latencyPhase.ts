import { loadavg } from "node:os";
import type { Dataset, ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { freeBytes, readEnvironment } from "../measure/environment.ts";
import { interleavedRounds, type Turn } from "../measure/schedule.ts";
import { warmUpUntilStable } from "../measure/warmUp.ts";
import { random } from "../stats/random.ts";
import { median } from "../stats/summary.ts";
import type { Manifest } from "../store/schema.ts";
import type { LatencySample } from "./latency.ts";
import type { OpenedRun, RunRequest } from "./runner.ts";
import { WorkerProcess } from "./workerProcess.ts";

const defaults = {
  /** Photos that turns go through, the same for every variant in the same round. */
  photos: 8,
  /** Workers stay loaded side by side up to this share of free memory. */
  memoryShare: 0.6,
};

/**
 * Warm-up, then rounds in which the variants take turns in a seeded order, one at a time. Variants that do not fit into
 * memory together start their process anew each turn, loading and one unmeasured image excluded.
 */
export async function measureLatency(opened: readonly OpenedRun[], request: RunRequest): Promise<void> {
  const { plan, observer, signal } = request;
  const photos = await readablePhotos(plan.dataset);
  for (const { run } of opened) await run.clearLatency();
  const crew = await Crew.start(opened, photos[0]!);
  const names = opened.map(({ run }) => run.id);
  const byName = new Map(opened.map((each) => [each.run.id, each]));
  const { warmup, rounds } = plan.latency;
  const turns = interleavedRounds(names, warmup + rounds, random(plan.seed, "latency", "order"));
  const speeds = new Map<string, number[]>(names.map((name) => [name, []]));
  try {
    if (crew.together === false)
      observer.note("the variants do not fit into memory together: each turn starts a process anew");
    else if (plan.runtime.provider !== "cpu") await settle(crew, opened, photos[0]!, request);
    for (const [done, turn] of turns.entries()) {
      if (signal.aborted) return;
      const each = byName.get(turn.name)!;
      observer.rounds(done, turns.length, each.prepared.setup.variant);
      const image = photos[turn.round % photos.length]!;
      const load = loadavg()[0]!;
      const sample = await crew.turn(each, image);
      if (turn.round < warmup) continue;
      speeds.get(turn.name)!.push((1000 * sample.batch.prompts) / sample.batch.durationMs);
      await each.run.appendLatency(recordOf(turn, { image, sample, warmup, load }));
    }
  } finally {
    await crew.close();
  }
  for (const each of opened)
    await each.run.update({
      // Of the machine that the figures are about: the run may have come here from another.
      environment: readEnvironment(),
      ...crew.memoryOf(each),
      promptsPerSecond: median(speeds.get(each.run.id)!),
    });
}

/** A GPU's first images compile and tune kernels, and how many that takes differs: the variants run until they are steady. */
async function settle(crew: Crew, opened: readonly OpenedRun[], photo: ImageId, { observer, signal }: RunRequest) {
  for (const each of opened) {
    if (signal.aborted) return;
    const { stable, samples } = await warmUpUntilStable(async () => (await crew.turn(each, photo)).encodeMs);
    const { variant } = each.prepared.setup;
    if (!stable) observer.note(`${variant}: encode is not steady after ${samples} images; its latency may drift`);
  }
}

interface Measured {
  readonly image: ImageId;
  readonly sample: LatencySample;
  readonly warmup: number;
  readonly load: number;
}

function recordOf({ round, turn }: Turn, { image, sample, warmup, load }: Measured) {
  return {
    ...{ kind: "turn" as const, round: round - warmup, turn, image, load },
    prepareMs: [sample.prepareMs],
    encodeMs: [sample.encodeMs],
    decodeMs: [sample.decodeMs],
    upscaleMs: [sample.upscaleMs],
    batches: [sample.batch],
  };
}

type StagesMemory = Required<Pick<Manifest, "memory">> & Pick<Manifest, "gpuMemory">;

/** The workers of a latency phase: all loaded, or one at a time. */
class Crew {
  readonly #workers = new Map<string, WorkerProcess>();
  readonly #memory = new Map<string, StagesMemory>();
  together = true;

  /** Loads each variant once, for its memory by stage; keeps them loaded if they fit together. */
  static async start(opened: readonly OpenedRun[], photo: ImageId): Promise<Crew> {
    const crew = new Crew();
    const free = freeBytes();
    let resident = 0;
    for (const each of opened) {
      const worker = new WorkerProcess(each.prepared.setup.variant);
      const { loadPeakBytes } = await worker.open(each.prepared.setup);
      const { gpu, ...stages } = await worker.call("memory", { image: photo });
      const memory = { load: loadPeakBytes, ...stages };
      crew.#memory.set(each.run.id, { memory, ...(gpu === undefined ? {} : { gpuMemory: gpu }) });
      resident += Math.max(stages.encode, stages.decode);
      if (opened.length > 1 && resident > defaults.memoryShare * free) crew.together = false;
      if (crew.together) crew.#workers.set(each.run.id, worker);
      else await worker.close();
    }
    if (!crew.together) await crew.close();
    return crew;
  }

  memoryOf({ run }: OpenedRun): StagesMemory {
    return this.#memory.get(run.id)!;
  }

  async turn({ run, prepared }: OpenedRun, image: ImageId): Promise<LatencySample> {
    const loaded = this.#workers.get(run.id);
    if (loaded !== undefined) return loaded.call("turn", { image });
    const worker = new WorkerProcess(prepared.setup.variant);
    try {
      await worker.open(prepared.setup);
      await worker.call("turn", { image });
      return await worker.call("turn", { image });
    } finally {
      await worker.close();
    }
  }

  async close(): Promise<void> {
    for (const worker of this.#workers.values()) await worker.close();
    this.#workers.clear();
  }
}

/** The first photos that can be read: a damaged one is the accuracy phase's business. */
async function readablePhotos(dataset: Dataset): Promise<ImageId[]> {
  const photos: ImageId[] = [];
  let problem: unknown;
  for (const { id } of dataset.images) {
    if (photos.length === defaults.photos) break;
    try {
      await dataset.read(id);
      photos.push(id);
    } catch (error) {
      problem = error;
    }
  }
  if (photos.length > 0) return photos;
  throw new HarnessError(`dataset ${dataset.id}: no photo can be read`, {
    cause: problem,
    hint: problem instanceof Error ? problem.message : "",
  });
}
