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
