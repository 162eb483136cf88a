import type { ImageId } from "../api.ts";
import type { PreparationWatcher, PreparedRun } from "../build/preparedRun.ts";
import type { EnergyMeter } from "../measure/machine/rapl.ts";
import type { TimeLimit } from "../measure/timeLimit.ts";
import { type Timing, untimed } from "../measure/timing.ts";
import type { RunPlan } from "../plan/plan.ts";
import type { Run, StoredRun } from "../store/store.ts";
import type { FigureSoFar } from "./currentFigure.ts";
import type { WholeWork } from "./wholeWork.ts";

interface AccuracyProgress {
  readonly done: number;
  readonly total: number;
  readonly image: ImageId;
  /** Number of images that were finished before this process began. */
  readonly before: number;
  /** The first figure of the images so far; absent where none follows from rows alone. */
  readonly figure?: FigureSoFar | undefined;
  readonly whole: WholeWork;
}

/** Receives what a run tells while it goes on; a command turns it into lines. */
export interface RunObserver {
  note(text: string): void;
  /** Receives the steps of a method that learns from images before its graphs are built. */
  calibration(variant: string, progress: { readonly done: number; readonly total: number }): void;
  /** Receives how many of the run's images were compared with those that the variant is calibrated on. */
  overlap(variant: string, progress: { readonly done: number; readonly total: number }): void;
  images(variant: string, progress: AccuracyProgress): void;
  rounds(done: number, total: number, variant: string): void;
  /** Receives the processes of a variant whose start is timed. */
  starts(done: number, total: number, variant: string): void;
  /** Receives the variants whose energy is measured. */
  energy(done: number, total: number, variant: string): void;
}

/** Is shown what is measured so far, each time that some more rounds of latency are complete, and before the last one. */
export interface InterimResults {
  /** Number of rounds from one look to the next. */
  readonly everyRounds: number;
  /** Receives the runs as they would be if `rounds` were all. No turn is taken until it is done. */
  show(runs: readonly StoredRun[], rounds: number): Promise<void>;
}

export interface RunRequest {
  readonly interim?: InterimResults | undefined;
  readonly plan: RunPlan;
  readonly results: string;
  readonly asPassed: readonly string[];
  readonly observer: RunObserver;
  /** `together`: latencies are about each other, so that where one is measured again, all are. Each by itself if left out. */
  readonly latencies?: "together" | undefined;
  /** Signal that Ctrl-C aborts: the current image is then finished and stored. */
  readonly signal: AbortSignal;
  /** Is told where the time goes; nobody is if left out. */
  readonly timing?: Timing | undefined;
  /** Memory in bytes that the workers of a latency phase may need together; a share of what is free if left out. */
  readonly memoryBytes?: number | undefined;
  /** The time that the whole run may take, if it is limited. */
  readonly timeLimit?: TimeLimit | undefined;
  /** Opens the meter of energy for a provider, or says why there is none; those of this machine if left out. */
  openMeter?(provider: string): EnergyMeter | string;
  /** Is awaited before each work that takes time, so not where everything is finished already. */
  beforeWork?(): Promise<void>;
}

/** Tells the observer of the steps that come before a variant's run. */
export function watcherOf(
  variant: string,
  { observer, signal, beforeWork, timing = untimed }: Pick<RunRequest, "observer" | "signal" | "beforeWork" | "timing">,
): PreparationWatcher {
  return {
    calibration: (done, total) => observer.calibration(variant, { done, total }),
    overlap: (done, total) => observer.overlap(variant, { done, total }),
    note: observer.note,
    beforeWork,
    signal,
    timing,
  };
}

export interface RunOutcome {
  readonly runs: readonly StoredRun[];
  /** True where the user stopped the run before its end; running again goes on from there. */
  readonly stopped: boolean;
}

/** A variant's run while it is measured: what it needs, and its record, which is open for writing. */
export interface OpenedRun {
  readonly prepared: PreparedRun;
  readonly run: Run;
}
