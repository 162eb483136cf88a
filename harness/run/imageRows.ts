import type { ImageId, PredictionRow } from "../api.ts";
import type { WorkerSetup } from "../build/setup.ts";
import { Stopped } from "../errors.ts";
import { Deadlines } from "../process/deadlines.ts";
import { startWorker, WorkerFailed } from "../worker/workerProcess.ts";

interface ImageRowsRequest {
  readonly setup: WorkerSetup;
  readonly images: readonly ImageId[];
  readonly signal: AbortSignal;
  /** Says to who stops it what is kept. */
  readonly stopped: string;
  /** Receives how many images are done. */
  progress(done: number): void;
}

interface RowsOfImages {
  readonly rows: readonly PredictionRow[];
  /** Reasons of the images that gave none. */
  readonly failures: ReadonlyMap<ImageId, string>;
}

/** Prompts images in a process of their own, and returns the rows as a run would have kept them. Throws Stopped after Ctrl-C. */
export async function rowsOfImages(request: ImageRowsRequest): Promise<RowsOfImages> {
  const { setup, images, signal, stopped, progress } = request;
  const { worker } = await startWorker(setup, new Deadlines());
  const rows: PredictionRow[] = [];
  const failures = new Map<ImageId, string>();
  try {
    for (const [i, image] of images.entries()) {
      if (signal.aborted) throw new Stopped("stopped before the end", { hint: stopped });
      progress(i);
      try {
        rows.push(...(await worker.call("image", { image })).rows);
      } catch (error) {
        if (!(error instanceof WorkerFailed)) throw error;
        failures.set(image, error.message);
      }
    }
    progress(images.length);
  } finally {
    await worker.close();
  }
  return { rows, failures };
}
