import { type ChildProcess, spawn } from "node:child_process";
import { type Clock, systemClock } from "../clock.ts";
import { readGpus } from "../gpu.ts";
import type { EnergyMeter } from "./rapl.ts";

const defaults = {
  /** Time from one reading to the next, ms: the driver averages over about as much. */
  everyMs: 100,
};

/** Text that comes line by line, and can be ended. */
interface PowerLines {
  onText(take: (text: string) => void): void;
  end(): void;
}

/** Opens a meter of the GPU's power, which its driver's tool prints again and again; returns the reason where it can not be told. */
export function gpuMeter(): EnergyMeter | string {
  const gpus = readGpus();
  if (gpus.length === 0) return "no NVIDIA GPU answers (nvidia-smi)";
  if (gpus.length > 1)
    return `which of ${gpus.length} GPUs computes is not known; CUDA_VISIBLE_DEVICES does not hide them from nvidia-smi`;
  const query = ["--query-gpu=power.draw", "--format=csv,noheader,nounits", `--loop-ms=${defaults.everyMs}`];
  // Its next line has no reader when this process is gone, which ends it.
  return powerMeter(linesOf(spawn("nvidia-smi", query, { stdio: ["ignore", "pipe", "ignore"] })));
}

/** Sums power over time: each reading in W stands until the next one. */
export function powerMeter(lines: PowerLines, clock: Clock = systemClock): EnergyMeter {
  let watts: number | undefined;
  let joules = 0;
  let updates = 0;
  let lastMs = clock.nowMs();
  const count = () => {
    const now = clock.nowMs();
    joules += ((watts ?? 0) * (now - lastMs)) / 1000;
    lastMs = now;
  };
  lines.onText((text) => {
    const readings = text.split("\n").map((line) => Number(line.trim() || Number.NaN));
    const read = readings.findLast((each) => Number.isFinite(each));
    if (read === undefined) return;
    count();
    // Lines that come together were held back: when the earlier ones were true is not known.
    watts = read;
    updates++;
  });
  return {
    method: `NVML, the GPU's power every ${defaults.everyMs} ms`,
    joules() {
      count();
      return joules;
    },
    updates: () => updates,
    close: () => lines.end(),
  };
}

function linesOf(child: ChildProcess): PowerLines {
  child.on("error", () => undefined);
  return {
    onText: (take) => void child.stdout?.setEncoding("utf8").on("data", take),
    end: () => void child.kill(),
  };
}
