import type { EnergyMeter } from "../../measure/machine/rapl.ts";
import type { Timing } from "../../measure/timing.ts";
import type { Deadlines } from "../../process/deadlines.ts";
import type { MemorySample } from "../latency/latencyWorkers.ts";
import type { RunRequest } from "../request.ts";

/** Holds what a measurement in processes of their own needs besides the runs. */
export interface MachinePass extends Pick<RunRequest, "observer" | "signal"> {
  /** The first photo and its first box: every variant has the same. */
  readonly sample: MemorySample;
  readonly deadlines: Deadlines;
  readonly timing: Timing;
  /** Number of processors that the processes are pinned to; all that there are if left out. */
  readonly cores: number | undefined;
  /** Opens the meter of energy for a provider, or says why there is none. */
  openMeter(provider: string): EnergyMeter | string;
}
