import type { TimeTable } from "../../measure/timing.ts";
import { plainTable } from "./plainTable.ts";

/** Words where the time of a command went, as a table with a foot that says how its columns add up. */
export function timingText({ rows, wholeMs, sharedMs, otherMs, ownCpuMs }: TimeTable): string {
  const header = ["where the time went", "count", "sum s", "wall s", "alone s", "CPU s", "of the whole"];
  const cells = rows.map(({ title, count, summedMs, wallMs, aloneMs, cpuMs }) => [
    title,
    String(count),
    seconds(summedMs),
    seconds(wallMs),
    seconds(aloneMs),
    cpuMs === undefined ? "" : seconds(cpuMs),
    `${((100 * wallMs) / wholeMs).toFixed(1)} %`,
  ]);
  const foot = [
    "sum: of all pieces, also of those side by side. wall: time in which such work went on. alone: nothing else went on then.",
    `whole: ${seconds(wholeMs)} s = the column alone, ${seconds(sharedMs)} s with two kinds of work or more, ${seconds(otherMs)} s with none of these.`,
    `CPU: of the worker's process, or of this one, which used ${seconds(ownCpuMs)} s in all; work beside a step of this process is in it.`,
  ];
  return [plainTable(header, cells), ...foot].join("\n");
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}
