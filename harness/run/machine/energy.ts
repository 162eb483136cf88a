import { setTimeout as wait } from "node:timers/promises";
import { timed } from "../../measure/clock.ts";
import { gpuMeter } from "../../measure/machine/gpuPower.ts";
import { type EnergyMeter, raplMeter } from "../../measure/machine/rapl.ts";
import type { Manifest } from "../../store/schema.ts";
import type { ModelRunCalls, Repeated } from "../../worker/machine/modelRuns.ts";
import {
  failureText,
  startTimedModel,
  WorkerDied,
  WorkerFailed,
  type WorkerProcess,
} from "../../worker/workerProcess.ts";
import type { OpenedRun } from "../request.ts";
import type { MachinePass } from "./pass.ts";

type Energy = NonNullable<Manifest["energy"]>;

const defaults = {
  /** Images that are run before the meter counts. */
  warmupMs: 300,
  /** Time in which the loaded process does nothing. */
  idleMs: 1000,
  /** Time in which images are run, one piece after the other until the meter has moved often enough. */
  pieceMs: 1000,
  /** A meter that has moved less often than this is not believed. */
  leastUpdates: 10,
  mostPieces: 10,
  /** Time from one reading to the next: counters begin anew, the fastest after some seconds. */
  readingMs: 50,
};

/** Opens the meter for what computes: the GPU's, or the processor's. Returns the reason where there is none. */
export function meterOf(provider: string): EnergyMeter | string {
  return provider === "cpu" ? raplMeter() : gpuMeter();
}

/** Measures the energy of each run that lacks it, one process at a time, and stores it. */
export async function measureEnergy(runs: readonly OpenedRun[], pass: MachinePass): Promise<void> {
  for (const [done, { run, prepared }] of runs.entries()) {
    if (pass.signal.aborted) return;
    pass.observer.energy(done, runs.length, prepared.row);
    const energy = await energyOf(prepared, pass);
    if (typeof energy !== "string") await run.update({ energy });
    else pass.observer.note(`${prepared.row}: its energy is not measured, ${energy}`);
  }
}

/** Returns the energy of a variant's images, or the reason why it is not known. */
async function energyOf({ setup }: OpenedRun["prepared"], pass: MachinePass): Promise<Energy | string> {
  const meter = pass.openMeter(setup.runtime.provider);
  if (typeof meter === "string") return meter;
  try {
    const { worker } = await startTimedModel(setup, pass.deadlines, { timing: pass.timing, phase: "machine" });
    try {
      await worker.call("first", pass.sample, "machine-runs");
      return await metered(worker, meter);
    } finally {
      await worker.close();
    }
  } catch (error) {
    if (error instanceof WorkerDied || error instanceof WorkerFailed) return failureText(error);
    throw error;
  } finally {
    meter.close();
  }
}

/** Reads the meter all the while, so that no counter begins anew twice between two readings. */
async function metered(worker: WorkerProcess<ModelRunCalls>, meter: EnergyMeter): Promise<Energy | string> {
  const reading = setInterval(() => meter.joules(), defaults.readingMs);
  try {
    const repeat = (leastMs: number) => worker.call("repeat", { leastMs }, "machine-runs");
    await repeat(defaults.warmupMs);
    const idleFrom = meter.joules();
    const idle = await timed(() => wait(defaults.idleMs));
    const idleWatts = (1000 * (meter.joules() - idleFrom)) / idle.durationMs;
    const found = await meteredImages(repeat, meter);
    return typeof found === "string" ? found : { ...found, idleWatts };
  } finally {
    clearInterval(reading);
  }
}

/** Runs images in pieces until the meter has moved often enough. */
async function meteredImages(
  repeat: (leastMs: number) => Promise<Repeated>,
  meter: EnergyMeter,
): Promise<Omit<Energy, "idleWatts"> | string> {
  const from = meter.joules();
  const before = meter.updates();
  let images = 0;
  let durationMs = 0;
  for (let piece = 0; piece < defaults.mostPieces; piece++) {
    const done = await repeat(defaults.pieceMs);
    images += done.images;
    durationMs += done.durationMs;
    if (meter.updates() - before >= defaults.leastUpdates) break;
  }
  const joules = meter.joules() - from;
  const updates = meter.updates() - before;
  if (updates >= defaults.leastUpdates) return { method: meter.method, joules, images, durationMs, updates };
  const seconds = (durationMs / 1000).toFixed(0);
  return `the meter moved ${updates} times in ${seconds} s, which says nothing of ${images} images`;
}
