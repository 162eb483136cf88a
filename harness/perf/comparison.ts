import { type Console, line } from "../commands/terminal/command.ts";
import { plainTable } from "../commands/text/plainTable.ts";
import { ratioOfMedians, type SamplePair } from "../stats/ratio.ts";
import { quantile } from "../stats/summary.ts";

/** Samples of one way of doing a job. */
export interface Samples {
  readonly name: string;
  /** The 10^9 multiply-accumulates of one way's turn; absent where they are not known. */
  readonly gmacs?: number | undefined;
  readonly durationMs: number[];
  /** Time of the processor in ms, which other work on the machine does not lengthen; absent where nobody counts it. */
  readonly cpuMs?: number[];
  /** Peak of the process that did it; absent where the ways share a process. */
  peakBytes?: number;
}

/** Prints the medians, quartiles and peaks of several ways: a row each. */
export function printSamples(title: string, ways: readonly Samples[], digits: number, console: Console): void {
  const peaks = ways.some(({ peakBytes }) => peakBytes !== undefined);
  const rows = ways.map(({ name, durationMs, peakBytes }) => {
    const at = (p: number) => quantile(durationMs, p).toFixed(digits);
    const row = [name, at(0.5), `${at(0.25)} to ${at(0.75)}`, String(durationMs.length)];
    return peakBytes === undefined ? row : [...row, (peakBytes / 1e6).toFixed(0)];
  });
  const header = [title, "median ms", "quartiles", "n"];
  line(console, plainTable(peaks ? [...header, "peak MB"] : header, rows));
  line(console, "");
}

/**
 * Prints what a needs in relation to b, and the work that it does: a method that leaves out work should save as much time. Paired
 * samples are those of the same rounds.
 */
export function printRatios(a: Samples, b: Samples, paired: boolean, console: Console): void {
  line(console, `time    ${a.name} / ${b.name}: ${ratioText({ a: b.durationMs, b: a.durationMs, paired })}`);
  if (a.gmacs !== undefined && b.gmacs !== undefined) {
    const work = (a.gmacs / b.gmacs).toFixed(3);
    line(console, `work    ${a.name} / ${b.name}: ${work} (multiply-accumulates that the graphs execute)`);
  }
  if (a.cpuMs !== undefined && b.cpuMs !== undefined) {
    const spread = [b, a].map(({ name, cpuMs }) => `${name} ${quartilesText(cpuMs!)}`).join(", ");
    line(console, `cpu     ${a.name} / ${b.name}: ${ratioText({ a: b.cpuMs, b: a.cpuMs, paired })}; ${spread}`);
  }
  if (a.peakBytes === undefined || b.peakBytes === undefined) return;
  const memory = (a.peakBytes / b.peakBytes).toFixed(3);
  line(console, `memory  ${a.name} / ${b.name}: ${memory} (peak of each process, loading included)`);
}

function ratioText(pair: SamplePair): string {
  const { value, low, high } = ratioOfMedians(pair, 0);
  const interval = low === undefined ? "" : ` (95 % interval ${low.toFixed(3)} to ${high!.toFixed(3)})`;
  return `${value.toFixed(3)}${interval}`;
}

function quartilesText(samples: readonly number[]): string {
  return `${[0.25, 0.75].map((p) => quantile(samples, p).toFixed(0)).join(" to ")} ms`;
}
