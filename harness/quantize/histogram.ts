const defaults = {
  /** Number of bins for the first tensor; later ones may double it. */
  bins: 1024,
};

/**
 * Counts values in bins of equal width, over the tensors of a stream. Bins stand at whole multiples of their width; where a
 * later tensor lies outside, the width doubles and pairs of bins become one, so no count ever moves by more than its bin.
 */
export class Histogram {
  #width = 0;
  /** Index of the first bin: its values are from #first * #width on. */
  #first = 0;
  #counts = new Float64Array(0);
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;

  observe(values: Float32Array): void {
    const [low, high] = rangeOf(values);
    this.#low = Math.min(this.#low, low);
    this.#high = Math.max(this.#high, high);
    // Tensors of one value have no width to go by; the smallest of all does for the bin that they fall into.
    if (this.#width === 0) this.#width = (this.#high - this.#low || 1) / defaults.bins;
    this.#makeRoom();
    const scale = 1 / this.#width;
    const first = this.#first;
    const counts = this.#counts;
    const last = counts.length - 1;
    for (let i = 0; i < values.length; i++) {
      const bin = Math.floor(values[i]! * scale) - first;
      counts[Math.min(Math.max(bin, 0), last)]!++;
    }
  }

  get low(): number {
    return this.#low;
  }

  get high(): number {
    return this.#high;
  }

  /** Returns the middles of the bins that hold something, within the range seen, and the counts of these bins. */
  samples(): { readonly values: Float64Array; readonly weights: Float64Array } {
    const filled = [...this.#counts.keys()].filter((bin) => this.#counts[bin]! > 0);
    const middle = (bin: number) => Math.min(Math.max((this.#first + bin + 0.5) * this.#width, this.#low), this.#high);
    return {
      values: Float64Array.from(filled, middle),
      weights: Float64Array.from(filled, (bin) => this.#counts[bin]!),
    };
  }

  /** Returns the value below which a share of all counts lies, to the width of a bin. */
  quantile(share: number): number {
    const { values, weights } = this.samples();
    const wanted = share * weights.reduce((sum, weight) => sum + weight, 0);
    let seen = 0;
    for (const [i, weight] of weights.entries()) {
      seen += weight;
      if (seen >= wanted) return values[i]!;
    }
    return this.#high;
  }

  #makeRoom(): void {
    const firstOf = () => Math.floor(this.#low / this.#width);
    const lastOf = () => Math.floor(this.#high / this.#width);
    while (lastOf() - firstOf() + 1 > 2 * defaults.bins) this.#double();
    const first = firstOf();
    const bins = lastOf() - firstOf() + 1;
    if (first === this.#first && bins === this.#counts.length) return;
    const counts = new Float64Array(bins);
    counts.set(this.#counts, this.#counts.length === 0 ? 0 : this.#first - first);
    this.#first = first;
    this.#counts = counts;
  }

  #double(): void {
    const first = Math.floor(this.#first / 2);
    const last = Math.floor((this.#first + this.#counts.length - 1) / 2);
    const counts = new Float64Array(this.#counts.length === 0 ? 0 : last - first + 1);
    for (const [i, count] of this.#counts.entries()) counts[Math.floor((this.#first + i) / 2) - first]! += count;
    this.#width *= 2;
    this.#first = first;
    this.#counts = counts;
  }
}

/** Returns the smallest and the largest value. */
export function rangeOf(values: ArrayLike<number>): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
