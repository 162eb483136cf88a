import type { ImageId } from "../api.ts";
import type { PreparationWatcher, PreparedRun } from "../build/preparedRun.ts";
import type { RunPlan } from "../plan/plan.ts";
import type { Run, StoredRun } from "../store/store.ts";

interface AccuracyProgress {
  readonly done: number;
  readonly total: number;
  readonly image: ImageId;
  /** Images that were here before this process began. */
  readonly before: number;
}

/** What a run tells while it goes on; a command turns it into lines. */
export interface RunObserver {
  note(text: string): void;
  /** Steps of a method that learns from images before its graphs are built. */
  calibration(variant: string, progress: { readonly done: number; readonly total: number }): void;
  /** Images of the run that were compared with those that the variant is calibrated on. */
  overlap(variant: string, progress: { readonly done: number; readonly total: number }): void;
  images(variant: string, progress: AccuracyProgress): void;
  rounds(done: number, total: number, variant: string): void;
}

export interface RunRequest {
  readonly plan: RunPlan;
  readonly results: string;
  readonly asPassed: readonly string[];
  readonly observer: RunObserver;
  /** Aborted by Ctrl-C: the current image is finished and kept. */
  readonly signal: AbortSignal;
}

/** Tells the observer of the steps that come before a variant's run. */
export function watcherOf(
  variant: string,
  { observer, signal }: Pick<RunRequest, "observer" | "signal">,
): PreparationWatcher {
  return {
    calibration: (done, total) => observer.calibration(variant, { done, total }),
    overlap: (done, total) => observer.overlap(variant, { done, total }),
    note: observer.note,
    signal,
  };
}

export interface RunOutcome {
  readonly runs: readonly StoredRun[];
  /** Before the end, by the user's wish; running again goes on from here. */
  readonly stopped: boolean;
}

/** A variant's run on its way: what it needs, and its record that is open for writing. */
export interface OpenedRun {
  readonly prepared: PreparedRun;
  readonly run: Run;
}
