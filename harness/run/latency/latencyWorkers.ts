import type { Box, ImageId, RgbImage } from "../../api.ts";
import type { WorkerSetup } from "../../build/setup.ts";
import { timed } from "../../measure/clock.ts";
import { freeBytes } from "../../measure/environment.ts";
import { type Group, groupsThatFit, loadedShare } from "../../measure/groups.ts";
import type { Timing, Work } from "../../measure/timing.ts";
import { Deadlines } from "../../process/deadlines.ts";
import type { LatencySample } from "../../worker/latency.ts";
import type { MeasuredMemory } from "../../worker/modelMemory.ts";
import type { WorkerCalls } from "../../worker/worker.ts";
import {
  failureText,
  mostDeaths,
  startModelProcess,
  startWorker,
  WorkerDied,
  WorkerFailed,
  type WorkerProcess,
} from "../../worker/workerProcess.ts";
import type { SideBySide } from "../sideBySide.ts";

/** One side of a latency measurement: it takes turns with the others. A setup may be two candidates, under two names. */
export interface Candidate {
  readonly name: string;
  /** What its row is called in what is told. */
  readonly row: string;
  readonly setup: WorkerSetup;
  /** Memory that its process is expected to need. Where it is not known, no other process is started beside it. */
  readonly bytes?: number | undefined;
}

/** Photo and box that the memory of a model is measured on. */
export interface MemorySample {
  readonly photo: RgbImage;
  readonly box: Box;
}

export interface StartOptions {
  readonly sample: MemorySample;
  readonly imageTimeoutMs: number | undefined;
  /** Does what is not timed. */
  readonly untimed: SideBySide;
  readonly timing: Timing;
  /** Memory that loaded workers may need together, in bytes; a share of what is free if left out. */
  readonly memoryBytes?: number | undefined;
}

/** The workers of a latency phase: those of one group are loaded, and take turns. Where all fit into memory, they are one group. */
export class LatencyWorkers {
  readonly #workers = new Map<string, WorkerProcess<WorkerCalls>>();
  readonly #deaths = new Map<string, number>();
  /** Memory of each model alone: it was measured in a process of its own. */
  readonly memory = new Map<string, MeasuredMemory>();
  /** Peaks of the workers that take turns; they include the data set. */
  readonly harnessMemory = new Map<string, number>();
  /** Candidates that are given up, with the reason: their worker died too often or answered with an error. */
  readonly lost = new Map<string, string>();
  /** Time that measuring the memory of all took, ms. */
  memoryMs = 0;
  /** Names of the candidates that are loaded together: one group of all where they fit, else several without those lost. */
  groups: readonly Group[] = [];
  /** Memory of a worker beyond that of its model alone: the data set, for the most part. */
  readonly #beyondModel = new Map<string, number>();
  readonly #deadlines = new Map<string, Deadlines>();
  readonly #untimed: SideBySide;
  readonly #imageTimeoutMs: number | undefined;

  readonly #timing: Timing;

  private constructor({ imageTimeoutMs, untimed, timing }: StartOptions) {
    this.#imageTimeoutMs = imageTimeoutMs;
    this.#untimed = untimed;
    this.#timing = timing;
  }

  /** Measures each candidate's memory by stage, then loads all workers if they fit together, and else finds groups that do. */
  static async start(candidates: readonly Candidate[], options: StartOptions): Promise<LatencyWorkers> {
    const workers = new LatencyWorkers(options);
    try {
      workers.memoryMs = (await timed(() => workers.#measureMemory(candidates, options))).durationMs;
      workers.groups = await workers.#arrange(candidates, options.memoryBytes ?? loadedShare * freeBytes());
      return workers;
    } catch (error) {
      // Loaded workers would keep this process alive.
      await workers.close();
      throw error;
    }
  }

  /** Lets a candidate take its turn, and books it as that work. Returns nothing once the candidate is lost. */
  turn(each: Candidate, image: ImageId, work: Work): Promise<LatencySample | undefined> {
    return this.#surviving(each, async () => {
      const sample = await this.#turn(each, image, work);
      this.harnessMemory.set(each.name, Math.max(sample.peakBytes, this.harnessMemory.get(each.name) ?? 0));
      return sample;
    });
  }

  /** Loads the candidates of a group, after all others have ended. Returns those that were not loaded before. */
  async load(group: readonly Candidate[]): Promise<readonly Candidate[]> {
    const names = new Set(group.map(({ name }) => name));
    for (const [name, worker] of [...this.#workers]) {
      if (names.has(name)) continue;
      await worker.close();
      this.#workers.delete(name);
    }
    const missing = group.filter(({ name }) => !this.#workers.has(name) && !this.lost.has(name));
    await this.#loadWhile(missing, () => true);
    return missing;
  }

  async close(): Promise<void> {
    for (const worker of this.#workers.values()) await worker.close();
    this.#workers.clear();
  }

  /**
   * Measures memory, each in a process of its own: what goes on beside it is not in its figures. Two candidates of the same setup
   * share one measurement.
   */
  async #measureMemory(candidates: readonly Candidate[], { sample }: StartOptions): Promise<void> {
    const measure = async (each: Candidate) => {
      const twin = candidates.find(({ name, setup }) => setup === each.setup && this.memory.has(name));
      const measured =
        (twin && this.memory.get(twin.name)) ??
        (await this.#surviving(each, () =>
          modelMemory(each.setup, sample, { deadlines: this.#deadlinesOf(each), timing: this.#timing }),
        ));
      if (measured !== undefined) this.memory.set(each.name, measured);
    };
    const isTwin = (each: Candidate, place: number) =>
      candidates.findIndex(({ setup }) => setup === each.setup) < place;
    for (const [place, each] of candidates.entries())
      if (!isTwin(each, place)) this.#untimed.add({ bytes: each.bytes, run: () => measure(each) });
    await this.#untimed.end();
    for (const [place, each] of candidates.entries()) if (isTwin(each, place)) await measure(each);
  }

  /** Loads all candidates if they fit into the memory. Returns the groups in which they fit, those of all where they do. */
  async #arrange(candidates: readonly Candidate[], memoryBytes: number): Promise<readonly Group[]> {
    const measured = candidates.filter(({ name }) => this.memory.has(name));
    const roomy = () => measured.length < 2 || this.#neededBytes(measured) <= memoryBytes;
    await this.#loadWhile(measured, roomy);
    if (roomy()) return [candidates.map(({ name }) => name)];
    // One worker shows what the data set takes; the smallest model is there soonest.
    if (this.#beyondModel.size === 0) await this.#loadWhile([this.#smallest(measured)], () => true);
    const beyond = Math.max(0, ...this.#beyondModel.values());
    const living = measured.filter(({ name }) => !this.lost.has(name));
    return groupsThatFit(
      new Map(living.map(({ name }) => [name, this.#peakBytes(name) + (this.#beyondModel.get(name) ?? beyond)])),
      memoryBytes,
    );
  }

  /** Starts workers, and loads no further ones once `goesOn` is false. */
  async #loadWhile(candidates: readonly Candidate[], goesOn: () => boolean): Promise<void> {
    const load = async (each: Candidate) => {
      if (!goesOn()) return;
      const started = await this.#surviving(each, () => this.#started(each));
      if (started === undefined) return;
      this.#workers.set(each.name, started.worker);
      this.#beyondModel.set(each.name, started.opened.residentBytes - this.memory.get(each.name)!.loaded);
    };
    for (const each of candidates) this.#untimed.add({ bytes: each.bytes, run: () => load(each) });
    await this.#untimed.end();
  }

  /** Returns what the candidates that are not lost need together, as far as it is known. */
  #neededBytes(candidates: readonly Candidate[]): number {
    const living = candidates.filter(({ name }) => !this.lost.has(name));
    return living.reduce((sum, { name }) => sum + this.#peakBytes(name) + (this.#beyondModel.get(name) ?? 0), 0);
  }

  /** Returns the peak of a model alone while it takes a turn. */
  #peakBytes(name: string): number {
    const { encode, decode } = this.memory.get(name)!;
    return Math.max(encode, decode);
  }

  #smallest(candidates: readonly Candidate[]): Candidate {
    return candidates.reduce((a, b) => (this.#peakBytes(b.name) < this.#peakBytes(a.name) ? b : a));
  }

  #started({ setup, ...each }: Candidate) {
    return startWorker(setup, this.#deadlinesOf(each), { timing: this.#timing, phase: "latency" });
  }

  #deadlinesOf({ name }: Pick<Candidate, "name">): Deadlines {
    const known = this.#deadlines.get(name) ?? new Deadlines(this.#imageTimeoutMs);
    this.#deadlines.set(name, known);
    return known;
  }

  async #turn(each: Candidate, image: ImageId, work: Work): Promise<LatencySample> {
    const { name } = each;
    const loaded = this.#workers.get(name);
    if (loaded !== undefined) return loaded.call("turn", { image }, work);
    // This worker takes the place of one that died. Its first image is slow, and not measured.
    const { worker } = await this.#started(each);
    this.#workers.set(name, worker);
    await worker.call("turn", { image }, "latency-warmup");
    return worker.call("turn", { image }, work);
  }

  /** Repeats a step with a fresh worker until the worker survives, or the candidate is lost by an error or by too many deaths. */
  async #surviving<T>({ name }: Candidate, step: () => Promise<T>): Promise<T | undefined> {
    while (!this.lost.has(name)) {
      try {
        return await step();
      } catch (error) {
        if (error instanceof WorkerFailed) await this.#lose(name, failureText(error));
        else if (!(error instanceof WorkerDied)) throw error;
        else this.#bury(name, error);
      }
    }
    return undefined;
  }

  /** Gives a candidate up after an error: unlike a death, an error comes again at a second try. */
  async #lose(name: string, reason: string): Promise<void> {
    this.lost.set(name, reason);
    await this.#workers.get(name)?.close();
    this.#workers.delete(name);
  }

  #bury(name: string, { reason }: WorkerDied): void {
    this.#workers.delete(name);
    const deaths = (this.#deaths.get(name) ?? 0) + 1;
    this.#deaths.set(name, deaths);
    if (deaths === mostDeaths)
      this.lost.set(name, `its worker process ended ${deaths} times while latency was measured (${reason})`);
  }
}

/** Measures the peak memory of a process that holds the model, the photo and one box. */
async function modelMemory(
  setup: WorkerSetup,
  sample: MemorySample,
  { deadlines, timing }: { readonly deadlines: Deadlines; readonly timing: Timing },
): Promise<MeasuredMemory> {
  const { worker, opened } = await startModelProcess(setup, deadlines, { timing, phase: "memory" });
  try {
    return { ...opened, ...(await worker.call("measure", sample, "memory-stages")) };
  } finally {
    await worker.close();
  }
}
