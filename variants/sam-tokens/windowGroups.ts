/**
 * Windows of the image that have the same number of tokens. Windows at the image's far sides are partly padding, which is no
 * token.
 */
export interface WindowGroup {
  /** Number of windows. */
  readonly windows: number;
  /** Number of tokens in each. */
  readonly tokens: number;
  /** Tokens of the image, window by window: [windows * tokens]. */
  readonly order: readonly number[];
  /** Places within the window that are padding, window by window: [windows * (window² - tokens)]. */
  readonly padding: readonly number[];
}

/**
 * Groups windows by their number of tokens, largest first. Tokens in `order` follow each other as in the image, row by row
 * within the window.
 */
export function windowGroups(grid: number, window: number): readonly WindowGroup[] {
  const across = Math.ceil(grid / window);
  const bySize = new Map<number, { order: number[]; padding: number[]; windows: number }>();
  for (let index = 0; index < across * across; index++) {
    const { tokens, padding } = windowOf(grid, window, Math.floor(index / across), index % across);
    const group = bySize.get(tokens.length) ?? { order: [], padding: [], windows: 0 };
    group.order.push(...tokens);
    group.padding.push(...padding);
    bySize.set(tokens.length, { ...group, windows: group.windows + 1 });
  }
  return [...bySize].map(([tokens, group]) => ({ tokens, ...group })).sort((a, b) => b.tokens - a.tokens);
}

function windowOf(grid: number, window: number, row: number, column: number) {
  const tokens: number[] = [];
  const padding: number[] = [];
  for (let place = 0; place < window * window; place++) {
    const y = row * window + Math.floor(place / window);
    const x = column * window + (place % window);
    if (y < grid && x < grid) tokens.push(y * grid + x);
    else padding.push(place);
  }
  return { tokens, padding };
}

/** Returns all tokens of the image, group by group, window by window. */
export function groupOrder(groups: readonly WindowGroup[]): readonly number[] {
  return groups.flatMap(({ order }) => order);
}
