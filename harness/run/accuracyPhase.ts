import type { ImageId } from "../api.ts";
import type { ImageEnd, Row } from "../store/schema.ts";
import type { OpenedRun, RunRequest } from "./runner.ts";
import { mostDeaths, WorkerDied, WorkerFailed, WorkerProcess } from "./workerProcess.ts";

export interface AccuracyProgress {
  readonly done: number;
  readonly total: number;
  readonly image: ImageId;
  /** Images that were here before this process began. */
  readonly before: number;
}

/** Brings the images that a run still lacks through its worker; each is on disk before the next begins. */
export async function measureAccuracy(opened: OpenedRun, { plan, observer, signal }: RunRequest): Promise<void> {
  const { run, prepared } = opened;
  const before = run.finishedImages().size;
  const total = plan.images.length;
  const left = plan.images.filter((id) => !run.finishedImages().has(id));
  if (left.length === 0) return;
  const worker = new SteadyWorker(opened);
  try {
    for (const [i, image] of left.entries()) {
      if (signal.aborted) return;
      const result = await worker.rows(image, left[i + 1]);
      if (result === "given up") {
        const message = `its worker process ended ${mostDeaths} times (${worker.lastDeath}); the last image was ${image}`;
        await run.update({ status: { state: "failed", message } });
        observer.note(`${prepared.setup.variant}: given up, ${message}`);
        return;
      }
      for (const row of result.rows)
        if (row.kind === "failure") observer.note(`${prepared.setup.variant}: image ${image} failed: ${row.message}`);
      await run.append(image, result.rows, result);
      observer.images(prepared.setup.variant, { done: before + i + 1, total, image, before });
    }
  } finally {
    await worker.close();
  }
}

interface ImageResult extends Pick<ImageEnd, "everythingMs"> {
  readonly rows: readonly Row[];
}

/** A worker that is started anew when it dies. */
class SteadyWorker {
  readonly #opened: OpenedRun;
  #worker: WorkerProcess | undefined;
  #deaths = 0;
  lastDeath = "";

  constructor(opened: OpenedRun) {
    this.#opened = opened;
  }

  /** An image whose worker dies is tried once more in a fresh one, then it is a failure with the reason. */
  async rows(image: ImageId, next: ImageId | undefined): Promise<ImageResult | "given up"> {
    for (let attempt = 1; ; attempt++) {
      try {
        const worker = await this.#started();
        return await worker.call("image", { image, ...(next === undefined ? {} : { next }) });
      } catch (error) {
        if (error instanceof WorkerFailed) return { rows: [{ kind: "failure", image, message: error.message }] };
        if (!(error instanceof WorkerDied)) throw error;
        this.#worker = undefined;
        this.#deaths += 1;
        this.lastDeath = error.reason;
        if (this.#deaths >= mostDeaths) return "given up";
        if (attempt === 2) return { rows: [{ kind: "failure", image, message: error.message }] };
      }
    }
  }

  async close(): Promise<void> {
    await this.#worker?.close();
  }

  async #started(): Promise<WorkerProcess> {
    if (this.#worker !== undefined) return this.#worker;
    const { setup } = this.#opened.prepared;
    const worker = new WorkerProcess(setup.variant);
    await worker.open(setup);
    this.#worker = worker;
    return worker;
  }
}
