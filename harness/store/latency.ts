import { HarnessError } from "../errors.ts";
import { readLines } from "./disk/lines.ts";
import { type LatencyTurn, parseLatencyTurn } from "./schema.ts";

/**
 * latency.jsonl: a line a turn. As with rows, a last line that can not be read is the torn end of a killed write,
 * one before others is damage. `end` is the offset behind the last whole line.
 */
export async function readLatency(file: string): Promise<{ turns: readonly LatencyTurn[]; end: number }> {
  const turns: LatencyTurn[] = [];
  let [end, torn] = [0, undefined as unknown];
  for await (const line of readLines(file)) {
    if (torn !== undefined) throw torn;
    try {
      if (!line.whole) break;
      turns.push(parseLatencyTurn(line.text, `${file}:${line.number}`));
      end = line.end;
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      torn = error;
    }
  }
  return { turns, end };
}
