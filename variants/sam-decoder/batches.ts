/** Prompts in one decoder call at most: more decode no faster on any decoder here, and memory grows with each. */
export const mostPrompts = 16;

/**
 * Image tokens that the prompts of one call look at together. On two cores SAM's decoder of 4,096 image tokens takes 10.3 to
 * 11.1 ms a prompt whether a call has 1 or 16 of them, and each adds 57 MB to the peak; one of 1,024 image tokens takes 1.25 ms
 * alone and 0.84 ms by 16.
 */
const imageTokensACall = 2 ** 14;

interface Called {
  /** Image tokens that a prompt looks at. */
  readonly places: number;
  readonly provider: string;
  /** Says whether the decoder sifts prompts: it makes masks of few of them, and more at once keep two cores busier by 4 %. */
  readonly sifts: boolean;
}

/** Providers that compute on the processor, a page's WebAssembly among them. */
const onProcessor = ["cpu", "wasm"];

/** Returns the number of prompts in one decoder call. Devices other than the processor are busy only with many of them. */
export function promptsACall({ places, provider, sifts }: Called): number {
  if (sifts || !onProcessor.includes(provider)) return mostPrompts;
  return Math.min(mostPrompts, Math.max(1, Math.floor(imageTokensACall / places)));
}

/** One prompt of a batch with its place among all prompts of the call. */
interface Numbered<T> {
  readonly index: number;
  readonly prompt: T;
}

/**
 * Groups prompts whose `shapeOf` is equal, at most `most` to a batch, since prompts are never padded to match. Each prompt keeps its
 * place among all, so that results can be put back in order.
 */
export function batchesOf<T>(
  prompts: readonly T[],
  { most, shapeOf }: { readonly most: number; readonly shapeOf: (prompt: T) => string },
): readonly (readonly Numbered<T>[])[] {
  const groups = new Map<string, Numbered<T>[]>();
  for (const [index, prompt] of prompts.entries()) {
    const shape = shapeOf(prompt);
    const group = groups.get(shape);
    if (group === undefined) groups.set(shape, [{ index, prompt }]);
    else group.push({ index, prompt });
  }
  return [...groups.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / most) }, (_, i) => group.slice(i * most, (i + 1) * most)),
  );
}
