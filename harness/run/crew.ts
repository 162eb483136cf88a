import type { ImageId } from "../api.ts";
import { freeBytes } from "../measure/environment.ts";
import type { Manifest } from "../store/schema.ts";
import type { LatencySample } from "./latency.ts";
import type { WorkerSetup } from "./worker.ts";
import { mostDeaths, WorkerDied, WorkerProcess } from "./workerProcess.ts";

const defaults = {
  /** Workers stay loaded side by side up to this share of free memory. */
  memoryShare: 0.6,
};

/** Who takes turns: one may stand here twice, under two names. */
export interface Contestant {
  readonly name: string;
  readonly setup: WorkerSetup;
}

export type StagesMemory = Required<Pick<Manifest, "memory">> & Pick<Manifest, "gpuMemory">;

/** The workers of a latency phase: all loaded, or one at a time. */
export class Crew {
  readonly #workers = new Map<string, WorkerProcess>();
  readonly #deaths = new Map<string, number>();
  readonly memory = new Map<string, StagesMemory>();
  /** Those whose worker died too often, and how. */
  readonly lost = new Map<string, string>();
  together = true;

  /** Loads each variant once, for its memory by stage; keeps them loaded if they fit together. */
  static async start(contestants: readonly Contestant[], photo: ImageId): Promise<Crew> {
    const crew = new Crew();
    const free = freeBytes();
    let resident = 0;
    for (const each of contestants) {
      const started = await crew.#surviving(each, () => start(each, photo));
      if (started === undefined) continue;
      const { worker, memory } = started;
      crew.memory.set(each.name, memory);
      resident += Math.max(memory.memory.encode, memory.memory.decode);
      if (contestants.length > 1 && resident > defaults.memoryShare * free) crew.together = false;
      if (crew.together) crew.#workers.set(each.name, worker);
      else await worker.close();
    }
    if (!crew.together) await crew.close();
    return crew;
  }

  /** Nothing once the contestant is lost. */
  turn(each: Contestant, image: ImageId): Promise<LatencySample | undefined> {
    return this.#surviving(each, () => this.#turn(each, image));
  }

  async close(): Promise<void> {
    for (const worker of this.#workers.values()) await worker.close();
    this.#workers.clear();
  }

  async #turn({ name, setup }: Contestant, image: ImageId): Promise<LatencySample> {
    const loaded = this.#workers.get(name);
    if (loaded !== undefined) return loaded.call("turn", { image });
    const worker = new WorkerProcess(setup.variant);
    // Where all fit together, this one takes the place of one that died.
    if (this.together) this.#workers.set(name, worker);
    try {
      await worker.open(setup);
      await worker.call("turn", { image });
      return await worker.call("turn", { image });
    } finally {
      if (!this.together) await worker.close();
    }
  }

  /** Does a step again with a fresh worker until it survives, or the contestant is lost. */
  async #surviving<T>({ name }: Contestant, step: () => Promise<T>): Promise<T | undefined> {
    while (!this.lost.has(name)) {
      try {
        return await step();
      } catch (error) {
        if (!(error instanceof WorkerDied)) throw error;
        this.#workers.delete(name);
        const deaths = (this.#deaths.get(name) ?? 0) + 1;
        this.#deaths.set(name, deaths);
        if (deaths < mostDeaths) continue;
        this.lost.set(name, `its worker process ended ${deaths} times while latency was measured (${error.reason})`);
      }
    }
    return undefined;
  }
}

async function start({ setup }: Contestant, photo: ImageId): Promise<{ worker: WorkerProcess; memory: StagesMemory }> {
  const worker = new WorkerProcess(setup.variant);
  const { loadPeakBytes } = await worker.open(setup);
  const { gpu, ...stages } = await worker.call("memory", { image: photo });
  const memory = { load: loadPeakBytes, ...stages };
  return { worker, memory: { memory, ...(gpu === undefined ? {} : { gpuMemory: gpu }) } };
}
