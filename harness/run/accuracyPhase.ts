import type { Dataset, ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { type Timing, untimed } from "../measure/timing.ts";
import { Deadlines } from "../process/deadlines.ts";
import { requireAsPulled } from "../store/pulled/pulledFiles.ts";
import type { ImageEnd, Row } from "../store/schema/rowSchema.ts";
import { visible } from "../visible.ts";
import type { WorkerCalls } from "../worker/worker.ts";
import {
  failureText,
  mostDeaths,
  startWorker,
  WorkerDied,
  WorkerFailed,
  type WorkerProcess,
} from "../worker/workerProcess.ts";
import { CurrentFigure } from "./currentFigure.ts";
import type { OpenedRun, RunRequest } from "./request.ts";
import { photoFileOf, photoOf } from "./staleImages.ts";
import type { WholeWorkCount } from "./wholeWork.ts";

/** Measures the images that a run still lacks in its worker; each image is on disk before the next begins. */
export async function measureAccuracy(
  opened: OpenedRun,
  { plan, observer, signal, timing = untimed }: RunRequest,
  whole: WholeWorkCount,
): Promise<void> {
  const { run, prepared } = opened;
  const before = run.finishedImages().size;
  const total = plan.images.length;
  const left = plan.images.filter((id) => !run.finishedImages().has(id));
  whole.begin(before);
  if (left.length === 0) return;
  const current = new CurrentFigure(plan.prompts, plan.seed);
  const worker = new SteadyWorker(opened, { imageTimeoutMs: plan.imageTimeoutMs, timing });
  try {
    for (const [i, image] of left.entries()) {
      if (signal.aborted) return;
      const result = (await otherPhoto(plan.dataset, image)) ?? (await worker.rows(image, left[i + 1]));
      if ("givenUp" in result) {
        await run.update({ status: { state: "failed", message: result.givenUp } });
        observer.note(`${prepared.row}: given up, ${result.givenUp}`);
        return;
      }
      for (const row of result.rows)
        if (row.kind === "failure") observer.note(`${prepared.row}: image ${image} failed: ${visible(row.message)}`);
      const photo = await photoOf(plan.dataset, image);
      await run.append(image, result.rows, { ...result, photo });
      current.add(image, result.rows);
      const figure = before === 0 ? current.value() : undefined;
      observer.images(prepared.row, { done: before + i + 1, total, image, before, figure, whole: whole.image() });
    }
  } finally {
    await worker.close();
  }
}

interface ImageResult extends Pick<ImageEnd, "everythingMs" | "everythingStages"> {
  readonly rows: readonly Row[];
}

/** Returns a failure where a pulled photo has changed since: a JPEG file has no checksum of its own. */
async function otherPhoto(dataset: Dataset, image: ImageId): Promise<ImageResult | undefined> {
  const file = await photoFileOf(dataset, image);
  if (file === undefined) return undefined;
  try {
    await requireAsPulled({ home: homeFolder(), file, flag: "--data" });
    return undefined;
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { rows: [{ kind: "failure", image, message: failureText(error) }] };
  }
}

/** A worker that is replaced when it dies, or when it is ended because it does not answer. */
class SteadyWorker {
  readonly #opened: OpenedRun;
  readonly #deadlines: Deadlines;
  readonly #timing: Timing;
  #worker: WorkerProcess<WorkerCalls> | undefined;
  #deaths = 0;

  constructor(
    opened: OpenedRun,
    { imageTimeoutMs, timing }: { readonly imageTimeoutMs: number | undefined; readonly timing: Timing },
  ) {
    this.#opened = opened;
    this.#timing = timing;
    this.#deadlines = new Deadlines(imageTimeoutMs);
  }

  /** Returns an image's rows. An image whose worker dies is tried once more in a fresh worker, then it is a failure. */
  async rows(image: ImageId, next: ImageId | undefined): Promise<ImageResult | { readonly givenUp: string }> {
    for (let attempt = 1; ; attempt++) {
      try {
        const worker = await this.#started();
        return await worker.call("image", { image, next }, "accuracy-images");
      } catch (error) {
        if (error instanceof WorkerFailed) {
          // There is no worker where loading failed: then every image would fail like this one.
          if (this.#worker === undefined) return { givenUp: failureText(error) };
          return { rows: [{ kind: "failure", image, message: error.message }] };
        }
        if (!(error instanceof WorkerDied)) throw error;
        this.#worker = undefined;
        this.#deaths += 1;
        if (this.#deaths >= mostDeaths) {
          const often = `its worker process ended ${mostDeaths} times (${error.reason})`;
          return { givenUp: `${often}; the last image was ${image}` };
        }
        if (attempt === 2) return { rows: [{ kind: "failure", image, message: error.message, cause: "worker" }] };
      }
    }
  }

  async close(): Promise<void> {
    await this.#worker?.close();
  }

  async #started(): Promise<WorkerProcess<WorkerCalls>> {
    if (this.#worker !== undefined) return this.#worker;
    const { setup } = this.#opened.prepared;
    const { worker } = await startWorker(setup, this.#deadlines, { timing: this.#timing, phase: "accuracy" });
    this.#worker = worker;
    return worker;
  }
}
