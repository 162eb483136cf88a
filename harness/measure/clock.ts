/** Clock that counts milliseconds from any origin and never goes back, as a wall clock may. */
export interface Clock {
  nowMs(): number;
}

/** Reads the operating system's clock, in steps below a microsecond. */
export const systemClock: Clock = { nowMs: () => performance.now() };

export interface Timed<T> {
  readonly value: T;
  readonly durationMs: number;
}

/** Times a step until the promise that it returns is settled. Throws what the step throws. */
export async function timed<T>(step: () => Promise<T> | T, clock: Clock = systemClock): Promise<Timed<T>> {
  const start = clock.nowMs();
  const value = await step();
  return { value, durationMs: clock.nowMs() - start };
}

/** Times a step that does not wait: no turn of the event loop is in its duration. Throws what the step throws. */
export function timedSync<T>(step: () => T, clock: Clock = systemClock): Timed<T> {
  const start = clock.nowMs();
  const value = step();
  return { value, durationMs: clock.nowMs() - start };
}
