/** Milliseconds that only go forward, from any origin: wall clocks jump. */
export interface Clock {
  nowMs(): number;
}

/** Of the operating system, in steps below a microsecond. */
export const systemClock: Clock = { nowMs: () => performance.now() };

export interface Timed<T> {
  readonly value: T;
  readonly durationMs: number;
}

/** Waits for what `step` returns; the time until then is the duration. What `step` throws is thrown. */
export async function timed<T>(step: () => Promise<T> | T, clock: Clock = systemClock): Promise<Timed<T>> {
  const start = clock.nowMs();
  const value = await step();
  return { value, durationMs: clock.nowMs() - start };
}

/** For steps that do not wait, so that no turn of the event loop is counted. */
export function timedSync<T>(step: () => T, clock: Clock = systemClock): Timed<T> {
  const start = clock.nowMs();
  const value = step();
  return { value, durationMs: clock.nowMs() - start };
}
