import type { Box, ImageId, RgbImage } from "../api.ts";
import type { WorkerSetup } from "../build/setup.ts";
import { freeBytes } from "../measure/environment.ts";
import type { Timing, Work } from "../measure/timing.ts";
import { Deadlines } from "../process/deadlines.ts";
import type { LatencySample } from "../worker/latency.ts";
import type { MeasuredMemory } from "../worker/modelMemory.ts";
import type { WorkerCalls } from "../worker/worker.ts";
import {
  failureText,
  mostDeaths,
  startModelProcess,
  startWorker,
  WorkerDied,
  WorkerFailed,
  type WorkerProcess,
} from "../worker/workerProcess.ts";
import type { SideBySide } from "./sideBySide.ts";

const defaults = {
  /** Workers stay loaded side by side up to this share of free memory. */
  memoryShare: 0.6,
};

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
}

/** The workers of a latency phase: all of them stay loaded, or only the one whose turn it is. */
export class LatencyWorkers {
  readonly #workers = new Map<string, WorkerProcess<WorkerCalls>>();
  readonly #deaths = new Map<string, number>();
  /** Memory of each model alone: it was measured in a process of its own. */
  readonly memory = new Map<string, MeasuredMemory>();
  /** Peaks of the workers that take turns; they include the data set. */
  readonly harnessMemory = new Map<string, number>();
  /** Candidates that are given up, with the reason: their worker died too often or answered with an error. */
  readonly lost = new Map<string, string>();
  together = true;
  readonly #deadlines = new Map<string, Deadlines>();
  readonly #imageTimeoutMs: number | undefined;

  readonly #timing: Timing;

  private constructor({ imageTimeoutMs, timing }: Pick<StartOptions, "imageTimeoutMs" | "timing">) {
    this.#imageTimeoutMs = imageTimeoutMs;
    this.#timing = timing;
  }

  /** Measures each candidate's memory by stage, then loads all workers; they stay loaded if they fit together. */
  static async start(candidates: readonly Candidate[], options: StartOptions): Promise<LatencyWorkers> {
    const workers = new LatencyWorkers(options);
    try {
      await workers.#measureMemory(candidates, options);
      await workers.#load(candidates, options);
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

  async close(): Promise<void> {
    for (const worker of this.#workers.values()) await worker.close();
    this.#workers.clear();
  }

  /**
   * Measures memory, each in a process of its own: what goes on beside it is not in its figures. Two candidates of the same setup
   * share one measurement.
   */
  async #measureMemory(candidates: readonly Candidate[], { sample, untimed }: StartOptions): Promise<void> {
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
      if (!isTwin(each, place)) untimed.add({ bytes: each.bytes, run: () => measure(each) });
    await untimed.end();
    for (const [place, each] of candidates.entries()) if (isTwin(each, place)) await measure(each);
  }

  async #load(candidates: readonly Candidate[], { untimed }: StartOptions): Promise<void> {
    const free = freeBytes();
    let needed = 0;
    const load = async (each: Candidate) => {
      if (!this.together) return;
      const started = await this.#surviving(each, () => this.#started(each));
      if (started === undefined) return;
      this.#workers.set(each.name, started.worker);
      const { encode, decode, loaded } = this.memory.get(each.name)!;
      needed += started.opened.residentBytes + Math.max(encode, decode) - loaded;
      if (candidates.length > 1 && needed > defaults.memoryShare * free) this.together = false;
    };
    for (const each of candidates) untimed.add({ bytes: each.bytes, run: () => load(each) });
    await untimed.end();
    if (!this.together) await this.close();
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
    const { worker } = await this.#started(each);
    // Where all fit together, this worker takes the place of one that died.
    if (this.together) this.#workers.set(name, worker);
    try {
      await worker.call("turn", { image }, "latency-warmup");
      return await worker.call("turn", { image }, work);
    } finally {
      if (!this.together) await worker.close();
    }
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
