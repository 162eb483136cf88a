import { Histogram, rangeOf } from "./histogram.ts";
import { mseQuantizer, omseQuantizer } from "./rangeSearch.ts";
import { quantizerFor, type UniformQuantizer } from "./uniform.ts";

const defaults = {
  /** The share of values that percentile observers leave outside, half of it on each side. */
  outside: 0.001,
};

/**
 * Says how a range is chosen: as the smallest and largest value (`minmax`), the means of each tensor's (`mean-minmax`), each
 * tensor's best shrunk range, averaged (`mean-mse`), the range and zero point of least error over all (`omse`), or the middle
 * 99.9 % of all (`percentile`).
 */
export type ObserverKind = "minmax" | "mean-minmax" | "mean-mse" | "omse" | "percentile";

/** An observer sees one tensor an image and holds none of them, and then knows the quantiser. */
export interface Observer {
  observe(values: Float32Array): void;
  quantizer(): UniformQuantizer;
}

export function observer(kind: ObserverKind, bits: number): Observer {
  switch (kind) {
    case "minmax":
      return overall(bits, "extremes");
    case "mean-minmax":
      return overall(bits, "means");
    case "mean-mse":
      return meanOfSearches(bits);
    case "omse":
      return ofHistogram((histogram) => omseQuantizer(histogram.samples(), bits));
    case "percentile":
      return ofHistogram((histogram) =>
        quantizerFor(histogram.quantile(defaults.outside / 2), histogram.quantile(1 - defaults.outside / 2), bits),
      );
  }
}

function overall(bits: number, over: "extremes" | "means"): Observer {
  const lows: number[] = [];
  const highs: number[] = [];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    observe(values) {
      const [low, high] = rangeOf(values);
      lows.push(low);
      highs.push(high);
    },
    quantizer: () =>
      over === "means"
        ? quantizerFor(mean(lows), mean(highs), bits)
        : quantizerFor(Math.min(...lows), Math.max(...highs), bits),
  };
}

function meanOfSearches(bits: number): Observer {
  const ends: { low: number; high: number }[] = [];
  return {
    observe(values) {
      const histogram = new Histogram();
      histogram.observe(values);
      const { scale, zeroPoint } = mseQuantizer(histogram.samples(), bits);
      ends.push({ low: -zeroPoint * scale, high: (2 ** bits - 1 - zeroPoint) * scale });
    },
    quantizer() {
      const mean = (pick: (end: { low: number; high: number }) => number) =>
        ends.reduce((sum, end) => sum + pick(end), 0) / ends.length;
      return quantizerFor(
        mean(({ low }) => low),
        mean(({ high }) => high),
        bits,
      );
    },
  };
}

function ofHistogram(choose: (histogram: Histogram) => UniformQuantizer): Observer {
  const histogram = new Histogram();
  return { observe: (values) => histogram.observe(values), quantizer: () => choose(histogram) };
}

/** Says how a weight's ranges are chosen, one an output channel. */
export type WeightRule = "minmax" | "omse";

/** Returns one quantiser for each of the `rows` output channels of a weight. */
export function weightQuantizers(
  values: Float32Array,
  rows: number,
  { bits, rule }: { readonly bits: number; readonly rule: WeightRule },
): UniformQuantizer[] {
  const width = values.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    const channel = values.subarray(row * width, (row + 1) * width);
    return rule === "omse" ? omseQuantizer({ values: channel }, bits) : quantizerFor(...rangeOf(channel), bits);
  });
}
