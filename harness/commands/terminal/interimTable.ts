import type { RunReport } from "../../results/report.ts";
import { visibleLines } from "../../visible.ts";
import type { Console } from "./command.ts";

/** A text on a terminal that is drawn over itself, until the last one stays. */
export interface InterimTable {
  /** Puts the text in the place of the one before it. A text that is taller than the terminal is left out. */
  draw(text: string): void;
  /** Takes the text away: whatever is written next stands in its place. */
  erase(): void;
}

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Returns whether results and notes both go to a terminal: only there can a text be taken away again. */
export function isTerminal({ out, notes }: Console): boolean {
  return (out as Terminal).isTTY === true && notes.isTTY === true;
}

export function interimTable({ out }: Console): InterimTable {
  const { columns = 80, rows = 24 } = out as Terminal;
  /** Lines of the terminal that the text takes. */
  let height = 0;
  const erase = () => {
    // Up to its first line, and everything from there on is wiped.
    if (height > 0) out.write(`\r\u001b[${height}A\u001b[J`);
    height = 0;
  };
  return {
    erase,
    draw(text) {
      erase();
      const lines = visibleLines(text).split("\n");
      const taken = lines.reduce((sum, each) => sum + Math.max(1, Math.ceil([...each].length / columns)), 0);
      // What has left the screen can not be wiped, and one line is the progress's.
      if (taken >= rows - 1) return;
      out.write(`${lines.join("\n")}\n`);
      height = taken;
    },
  };
}

/** Returns a report as it stands in an interim table, which says itself how far it is: what is under way draws no mark for that. */
export function underWay(report: RunReport): RunReport {
  const { status, warnings } = report;
  if (status !== "running") return report;
  return { ...report, status: "done", warnings: warnings.filter(({ ask }) => ask !== "resume") };
}
