import { limits } from "../limits.ts";
import { type Clock, systemClock } from "../measure/clock.ts";

/**
 * How long a variant's worker may take for a call: 20 times the slowest earlier call of its kind, at least a minute; half an
 * hour for the first of a kind and for loading. Kept over all the workers that a variant has in a phase.
 */
export class Deadlines {
  readonly #slowest = new Map<string, number>();
  readonly #imageTimeoutMs: number | undefined;

  /** `imageTimeoutMs` takes the place of all of that for calls that compute an image; loading keeps its time. */
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
  /** In which this process ran, so far. */
  readonly elapsedMs: number;
  stop(): void;
}

/**
 * Calls `expired` when this process has run for that long. Time in which it was itself stopped, asleep or too busy to look
 * does not count: the one that is waited for may have been as well.
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
