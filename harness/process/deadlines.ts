import { limits } from "../limits.ts";
import { type Clock, systemClock } from "../measure/clock.ts";

/**
 * Deadlines for the calls to a variant's worker: a call may take 20 times the slowest earlier call of its kind, and at least a
 * minute; the first call of a kind and loading may take half an hour. All workers that a variant has in a phase share them.
 */
export class Deadlines {
  readonly #slowest = new Map<string, number>();
  readonly #imageTimeoutMs: number | undefined;

  /** `imageTimeoutMs` replaces these deadlines for calls that compute an image; loading keeps its own. */
  constructor(imageTimeoutMs?: number) {
    this.#imageTimeoutMs = imageTimeoutMs;
  }

  allowedMs(call: string): number {
    if (call === "open") return limits.firstCallMs;
    if (this.#imageTimeoutMs !== undefined) return this.#imageTimeoutMs;
    const slowest = this.#slowest.get(call);
    return slowest === undefined ? limits.firstCallMs : Math.max(limits.callMs, limits.callFactor * slowest);
  }

  took(call: string, durationMs: number): void {
    this.#slowest.set(call, Math.max(durationMs, this.#slowest.get(call) ?? 0));
  }
}

const tickMs = 250;

export interface Countdown {
  /** Time that this process has run since the start of the countdown. */
  readonly elapsedMs: number;
  stop(): void;
}

/**
 * Calls `expired` when this process has run for that long. Time in which this process was stopped, asleep or too busy to look
 * does not count: the process that it waits for may have stood still as well.
 */
export function countdown(allowedMs: number, expired: () => void, clock: Clock = systemClock): Countdown {
  let elapsedMs = 0;
  let last = clock.nowMs();
  const look = () => {
    const now = clock.nowMs();
    elapsedMs += Math.min(now - last, 2 * tickMs);
    last = now;
    if (elapsedMs < allowedMs) return;
    clearInterval(timer);
    expired();
  };
  const timer = setInterval(look, Math.min(tickMs, allowedMs));
  return {
    get elapsedMs() {
      return elapsedMs + Math.min(clock.nowMs() - last, 2 * tickMs);
    },
    stop: () => clearInterval(timer),
  };
}
