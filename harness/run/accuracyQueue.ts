import type { PreparedRun } from "../build/preparedRun.ts";
import { freeBytes } from "../measure/environment.ts";
import { usableCores } from "../measure/machine/cgroup.ts";
import { runtimeOf } from "../plan/point.ts";
import { passesOf } from "../protocols/index.ts";
import { processor } from "../store/rowName.ts";
import { measureAccuracy } from "./accuracyPhase.ts";
import type { OpenedRun, RunRequest } from "./request.ts";
import { SideBySide } from "./sideBySide.ts";
import { WholeWorkCount } from "./wholeWork.ts";

const defaults = {
  /** Workers side by side may take this share of free memory. */
  memoryShare: 0.6,
  /** Expected memory of a worker without a model. */
  processBytes: 500e6,
  /** Expected memory of a worker beside so many times the bytes of its graphs: those built here keep no scores in memory. */
  built: { bytes: 1e9, graphs: 3 },
  /** The same for a user's own files. The published graph of ViT-B has 19 times its bytes. */
  given: { bytes: 500e6, graphs: 20 },
};

/** Returns the memory that a variant's process is expected to need; nothing for files and programs of the user's. */
export function expectedBytes({ manifest, measuresLatency }: PreparedRun): number | undefined {
  if (!measuresLatency) return defaults.processBytes;
  const { bytes, graphs } = manifest.weights.source === "onnx" ? defaults.given : defaults.built;
  return manifest.graphs === undefined ? undefined : bytes + graphs * manifest.graphs.fileBytes;
}

/** Returns what does work on these providers that is not timed: one piece after the other where a GPU or a single core does it. */
export function untimedWork(providers: readonly string[]): SideBySide {
  const most = providers.every((each) => each === processor) ? Math.min(2, usableCores()) : 1;
  return new SideBySide({ bytes: defaults.memoryShare * freeBytes(), most });
}

/**
 * The accuracy phase: it measures runs as they are added, and does not wait for variants that are still being calibrated.
 * Everything mode is timed: where a plan asks for it, each run waits until it has the machine to itself.
 */
export class AccuracyQueue {
  readonly #request: RunRequest;
  readonly #work: SideBySide;
  readonly #timed: boolean;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #waiting: OpenedRun[] = [];
  readonly #whole: WholeWorkCount;
  #begun = false;

  constructor(request: RunRequest) {
    this.#request = request;
    this.#timed = passesOf(request.plan.prompts).some(({ pass }) => pass.everything !== undefined);
    this.#work = untimedWork(request.plan.chosen.map((each) => runtimeOf(request.plan, each).provider));
    this.#whole = new WholeWorkCount(request.plan);
    this.#signal = AbortSignal.any([request.signal, this.#stop.signal]);
  }

  /** Adds a run; it is measured once the phase has begun. */
  add(opened: OpenedRun): void {
    const { plan } = this.#request;
    if (!plan.phases.includes("accuracy") || !opened.prepared.measuresAccuracy) return;
    if (this.#begun) this.#measure(opened);
    else this.#waiting.push(opened);
  }

  /** Counts a run out of the work that is ahead: it was finished before, or can not be measured. */
  leaveOut(): void {
    this.#whole.leaveOut();
  }

  /** Begins to measure while other work goes on, unless something is timed. */
  beginBesideOthers(): void {
    if (!this.#timed) this.#begin();
  }

  /** Resolves when every run that was added is measured or has failed. */
  async end(): Promise<void> {
    this.#begin();
    await this.#work.end();
  }

  /** Ends the phase after the images under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#work.stop();
  }

  #begin(): void {
    this.#begun = true;
    for (const opened of this.#waiting.splice(0)) this.#measure(opened);
  }

  #measure(opened: OpenedRun): void {
    this.#work.add({
      bytes: this.#timed ? undefined : expectedBytes(opened.prepared),
      run: () => this.#measureNow(opened),
    });
  }

  async #measureNow(opened: OpenedRun): Promise<void> {
    if (this.#signal.aborted) return;
    await measureAccuracy(opened, { ...this.#request, signal: this.#signal }, this.#whole);
  }
}
