import { HarnessError } from "../../errors.ts";
import type { Candidate } from "./candidate.ts";

/** What a model has to keep to; a limit that is absent is not asked for. */
export interface Limits {
  /** ms of encode and decode together. */
  readonly latencyMs?: number | undefined;
  /** Bytes of a process that holds the model and one photo, at its peak. */
  readonly memoryBytes?: number | undefined;
  /** Fraction that accuracy has to reach. */
  readonly accuracy?: number | undefined;
}

export type LimitName = keyof Limits;

/** A limit that a candidate does not keep, or that it can not be held to because the figure was not measured. */
export interface Excess {
  readonly limit: LimitName;
  readonly allowed: number;
  /** Absent where it was not measured. */
  readonly found?: number | undefined;
  /** How many times too much it is, or for accuracy too little; infinite where nothing was measured. */
  readonly ratio: number;
}

/** Units by the flag's kind, each with how many ms, bytes or ones it stands for; MB is 10^6 bytes as in the tables. */
const units = {
  latency: { ms: 1, s: 1000 },
  memory: { kB: 1e3, MB: 1e6, GB: 1e9, MiB: 2 ** 20, GiB: 2 ** 30 },
  share: { "%": 0.01 },
} as const;

/** Reads `50ms` or `1.2 s` as ms. Throws HarnessError for any other text. */
export function parseLatency(text: string): number {
  return parseAmount("--max-latency", text, units.latency);
}

/** Reads `300MB` or `1.5 GB` as bytes. Throws HarnessError for any other text. */
export function parseMemory(text: string, flag = "--max-memory"): number {
  return parseAmount(flag, text, units.memory);
}

/** Reads `60%` as a fraction. Throws HarnessError for any other text, and for more than 100 %. */
export function parseShare(text: string): number {
  const share = parseAmount("--min-miou", text, units.share);
  if (share <= 1) return share;
  throw new HarnessError("--min-miou: no model reaches more than 100 %", { found: text });
}

function parseAmount(flag: string, text: string, known: Readonly<Record<string, number>>): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z%]+)\s*$/i.exec(text) ?? [];
  const names = Object.keys(known);
  const name = names.find((each) => each.toLowerCase() === unit?.toLowerCase());
  const amount = digits === undefined || name === undefined ? 0 : Number(digits) * known[name]!;
  if (amount > 0 && Number.isFinite(amount)) return amount;
  throw new HarnessError(`${flag}: must be a number over 0 with its unit`, {
    found: text,
    expected: names.map((each) => `50${each}`).join(" or "),
  });
}

/** Returns the limits that a candidate does not keep. Its medians and means decide; their intervals are shown beside them. */
export function excessesOf({ latency, memoryBytes, accuracy }: Candidate, limits: Limits): readonly Excess[] {
  const found: Readonly<Record<LimitName, number | undefined>> = {
    latencyMs: latency?.value,
    memoryBytes,
    accuracy: accuracy?.value,
  };
  return (["latencyMs", "memoryBytes", "accuracy"] as const).flatMap((limit) => {
    const allowed = limits[limit];
    if (allowed === undefined) return [];
    const own = found[limit];
    if (own === undefined) return [{ limit, allowed, ratio: Number.POSITIVE_INFINITY }];
    const ratio = limit === "accuracy" ? allowed / own : own / allowed;
    return ratio > 1 ? [{ limit, allowed, found: own, ratio }] : [];
  });
}

/** Tells whether the interval of a latency that keeps to its limit reaches beyond it, so that chance may decide. */
export function isUncertain({ latency, accuracy }: Candidate, limits: Limits): boolean {
  const slow = limits.latencyMs !== undefined && latency?.high !== undefined && latency.high > limits.latencyMs;
  const weak = limits.accuracy !== undefined && accuracy?.low !== undefined && accuracy.low < limits.accuracy;
  return slow || weak;
}
