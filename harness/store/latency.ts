import { z } from "zod";
import type { ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { checked, parseJson } from "../foreign.ts";
import type { LatencySummary } from "../stats/summary.ts";
import { readLines } from "./disk/lines.ts";
import { count, positive, text, whole } from "./schema/fields.ts";

/** A turn is a line of latency.jsonl: the samples of one variant in one round, in the order measured, ms. */
export interface LatencyTurn {
  readonly kind: "turn";
  /** A random text for each latency phase: turns that share it were taken in turn, in one session. */
  readonly session?: string;
  readonly round: number;
  /** Place of the turn in the round's seeded order. */
  readonly turn: number;
  /**
   * Number of the group that was loaded, and of its block of rounds, both from 0: only the variants of a group interleave. Absent
   * where all of the session were loaded together.
   */
  readonly group?: number;
  readonly block?: number;
  readonly image?: ImageId;
  readonly prepareMs: readonly number[];
  readonly encodeMs: readonly number[];
  /** Each sample decodes one box prompt. */
  readonly decodeMs: readonly number[];
  readonly upscaleMs: readonly number[];
  /** Time in which pixels and masks were on their way to and from another process that answers; it is in no stage. */
  readonly transferMs?: readonly number[];
  /** Counts prompts that were decoded together, and says how long that took. */
  readonly batches?: readonly { readonly prompts: number; readonly durationMs: number }[];
  /** Load average over one minute when the turn began. */
  readonly load?: number;
  /** Cores that other programs kept busy during the round before; absent where the platform does not tell. */
  readonly others?: number;
  /** Clock of the processors that compute, in MHz, when the round's first turn ended; absent where the platform does not tell. */
  readonly clockMhz?: number;
}

const latencyTurn = z.object({
  kind: z.literal("turn"),
  session: text.optional(),
  round: count,
  turn: count,
  group: count.optional(),
  block: count.optional(),
  image: whole.optional(),
  prepareMs: z.array(positive),
  encodeMs: z.array(positive),
  decodeMs: z.array(positive),
  upscaleMs: z.array(positive),
  transferMs: z.array(positive).optional(),
  batches: z.array(z.object({ prompts: count, durationMs: positive })).optional(),
  load: positive.optional(),
  others: positive.optional(),
  clockMhz: positive.optional(),
}) satisfies z.ZodType<LatencyTurn>;

/** A summary of samples as files keep it, in the unit of the samples. */
export const summaryField = z.strictObject({
  median: positive,
  q1: positive,
  q3: positive,
  middleMean: positive,
  n: count,
  p90: positive.optional(),
  p99: positive.optional(),
}) satisfies z.ZodType<LatencySummary>;

/** Throws HarnessError naming `place`, which is file and line, and the field that is wrong. */
export function parseLatencyTurn(json: string, place: string): LatencyTurn {
  return checked(latencyTurn, parseJson(json, place), place);
}

/**
 * Reads latency.jsonl, a line a turn. A last line that can not be read is the torn end of a killed write; one before others is
 * damage, as with rows. `end` is the offset behind the last whole line.
 */
export async function readLatency(file: string): Promise<{ turns: readonly LatencyTurn[]; end: number }> {
  const turns: LatencyTurn[] = [];
  let end = 0;
  let torn: unknown;
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
