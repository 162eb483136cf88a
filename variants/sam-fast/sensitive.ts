interface Sensitivity {
  /** Layers by block: the cost of a block is measured before the costs of its layers. */
  readonly blocks: readonly (readonly string[])[];
  /** The largest error that is allowed. */
  readonly bound: number;
  /** Measures the error of the whole with these layers in float and all others in int8. */
  errorOf(inFloat: readonly string[]): Promise<number>;
}

interface Kept {
  readonly inFloat: readonly string[];
  readonly error: number;
  /** Error with nothing in float. */
  readonly errorOfAll: number;
}

/**
 * Returns the layers to keep in float, so that the error stays within the bound: none where it does so anyway, else the worst
 * layers of the worst blocks. The rounding errors of layers are independent of each other, so their squares add up, and what is
 * saved by keeping one in float is measured with all others in int8.
 */
export async function keepSensitive({ blocks, bound, errorOf }: Sensitivity): Promise<Kept> {
  const errorOfAll = await errorOf([]);
  if (errorOfAll <= bound) return { inFloat: [], error: errorOfAll, errorOfAll };
  const saving = async (names: readonly string[]) => {
    const error = await errorOf(names);
    return { names, saved: errorOfAll ** 2 - error ** 2 };
  };
  const unopened = await inTurn(blocks, saving);
  const layers: Saving[] = [];
  let atLeast = 0;
  for (;;) {
    const { inFloat, enough } = worst(layers, { excess: errorOfAll ** 2 - bound ** 2, atLeast });
    const block = enough ? undefined : worstFirst(unopened).shift();
    if (block !== undefined) {
      layers.push(...(await inTurn(block.names, (name) => saving([name]))));
      continue;
    }
    const error = await errorOf(inFloat);
    if (error <= bound) return { inFloat, error, errorOfAll };
    // The squares did not quite add up: more has to go.
    atLeast = inFloat.length + 1;
  }
}

interface Saving {
  readonly names: readonly string[];
  /** Part of the squared error that goes away. */
  readonly saved: number;
}

/** Returns the fewest layers that save the excess, and whether they are enough. */
function worst(layers: Saving[], { excess, atLeast }: { excess: number; atLeast: number }) {
  const inFloat: string[] = [];
  let left = excess;
  for (const { names, saved } of worstFirst(layers)) {
    if (left <= 0 && inFloat.length >= atLeast) break;
    inFloat.push(...names);
    left -= saved;
  }
  return { inFloat, enough: left <= 0 && inFloat.length >= atLeast };
}

/** Sorts in place. */
function worstFirst(savings: Saving[]): Saving[] {
  return savings.sort((a, b) => b.saved - a.saved);
}

async function inTurn<T, R>(all: readonly T[], of: (each: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const each of all) results.push(await of(each));
  return results;
}
