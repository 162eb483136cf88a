/** States that a person went through: `present` is shown, `past` can be taken back, `future` was taken back. */
export interface History<T> {
  /** The oldest state stands first. */
  readonly past: readonly T[];
  readonly present: T;
  /** The state that is done again next stands first. */
  readonly future: readonly T[];
}

export function begin<T>(present: T): History<T> {
  return { past: [], present, future: [] };
}

/** Goes on to a new state. What was taken back before is forgotten, and a state that is shown already is no new one. */
export function advance<T>(history: History<T>, next: T): History<T> {
  if (next === history.present) return history;
  return { past: [...history.past, history.present], present: next, future: [] };
}

/** Goes back by one state; the first stays. */
export function undo<T>(history: History<T>): History<T> {
  const { past, present, future } = history;
  const before = past.at(-1);
  return before === undefined ? history : { past: past.slice(0, -1), present: before, future: [present, ...future] };
}

/** Goes forward by one state that was taken back; the last stays. */
export function redo<T>(history: History<T>): History<T> {
  const { past, present, future } = history;
  const [after, ...later] = future;
  return after === undefined ? history : { past: [...past, present], present: after, future: later };
}

/** Returns the present state and those that led to it, the present one first. */
export function wayOf<T>({ past, present }: History<T>): readonly T[] {
  return [present, ...past.toReversed()];
}
