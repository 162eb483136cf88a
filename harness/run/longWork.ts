const defaults = {
  /** Work that takes longer, ms, is told of: until then a person waits without wondering. */
  untoldMs: 10_000,
};

/** Awaits work that has no progress to show, and tells of it once where it takes long. */
export async function toldWhereLong<T>(work: Promise<T>, tell: () => void): Promise<T> {
  const timer = setTimeout(tell, defaults.untoldMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
