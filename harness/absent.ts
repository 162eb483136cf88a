/** Returns the record without the fields whose value is undefined: where a key counts, `undefined` means absent as well. */
export function withValues<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}
