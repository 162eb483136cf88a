import { otherWork } from "../../measure/otherWork.ts";
import type { Manifest, ProcessStart } from "../../store/schema.ts";
import { failureText, startTimedModel, WorkerDied, WorkerFailed } from "../../worker/workerProcess.ts";
import type { OpenedRun } from "../request.ts";
import type { MachinePass } from "./pass.ts";

const defaults = {
  /** Processes of each optimisation: a median with quartiles is asked for, and each process costs a start and two runs. */
  pairs: 5,
};

/** Tells how many of a run's starts are still to be measured. */
export function startsLeft({ coldStart = [] }: Pick<Manifest, "coldStart">): number {
  return Math.max(0, 2 * defaults.pairs - coldStart.length);
}

/**
 * Measures the starts that runs lack, in rounds in which every run has a pair, one start right after the other. Each is stored
 * as it comes. A variant whose process fails is left without the rest of them, and the others go on.
 */
export async function measureColdStarts(runs: readonly OpenedRun[], pass: MachinePass): Promise<void> {
  const total = runs.reduce((sum, { run }) => sum + startsLeft(run.manifest), 0);
  const failed = new Set<OpenedRun>();
  let done = 0;
  const rest = otherWork({ cores: pass.cores });
  for (const { opened, place } of turnsOf(runs)) {
    const { run, prepared } = opened;
    const { coldStart = [] } = run.manifest;
    if (failed.has(opened) || coldStart.length > place) continue;
    if (pass.signal.aborted) return;
    pass.observer.starts(done++, total, prepared.row);
    const start = await timedStart(opened, optimisationOf(place), pass);
    const others = rest.coresSinceLast();
    if (typeof start !== "string") await run.update({ coldStart: [...coldStart, { ...start, others }] });
    else {
      failed.add(opened);
      pass.observer.note(`${prepared.row}: its cold start is not measured, ${start}`);
    }
  }
}

/** Returns all starts in the order in which they are measured: those of a pair differ in nothing but their optimisation. */
function turnsOf(runs: readonly OpenedRun[]): readonly { readonly opened: OpenedRun; readonly place: number }[] {
  return Array.from({ length: defaults.pairs }, (_, pair) =>
    runs.flatMap((opened) => [2 * pair, 2 * pair + 1].map((place) => ({ opened, place }))),
  ).flat();
}

/** Neither optimisation is always the first of its pair: what changes slowly falls on both alike. */
function optimisationOf(place: number): ProcessStart["optimisation"] {
  return place % 4 === 0 || place % 4 === 3 ? "disabled" : "all";
}

/** Returns the times of one process, or the reason why there are none. */
async function timedStart(
  { prepared: { setup } }: OpenedRun,
  optimisation: ProcessStart["optimisation"],
  { sample, deadlines, timing }: MachinePass,
): Promise<ProcessStart | string> {
  const own = { ...setup, runtime: { ...setup.runtime, optimisation } };
  try {
    const { worker, opened } = await startTimedModel(own, deadlines, { timing, phase: "machine" });
    try {
      return { optimisation, ...opened, ...(await worker.call("first", sample, "machine-runs")) };
    } finally {
      await worker.close();
    }
  } catch (error) {
    if (error instanceof WorkerDied || error instanceof WorkerFailed) return failureText(error);
    throw error;
  }
}
