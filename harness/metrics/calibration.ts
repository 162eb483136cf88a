import type {
  ExchangedFigures,
  FittedMetric,
  ImageId,
  ImageWeights,
  Metric,
  MetricValue,
  PredictionRow,
  ReliabilityBin,
} from "../api.ts";

const defaults = { bins: 10 };

interface Sample {
  readonly image: ImageId;
  readonly bin: number;
  readonly predicted: number;
  readonly measured: number;
}

/**
 * Expected calibration error of predicted IoU (id `ece`). It is the mean distance between predicted and measured IoU over bins,
 * weighted by the bins' rows. There are ten bins of equal width; a prediction outside 0 … 1 counts as the nearer end.
 * Source: Guo et al. 2017, On Calibration of Modern Neural Networks, with IoU in place of accuracy.
 */
export const calibration: Metric = {
  module: import.meta.url,
  id: "calibration",
  title: "calibration error",
  about: "distance between predicted and measured IoU, over ten bins of predicted IoU",
  headline: "ece",
  better: "lower",
  unit: "fraction",
  needs: "rows",
  reads: ["predictedIou", "iou"],
  columns: [],
  reliability: reliabilityTable,
  fit(rows, { images }) {
    return fitted(entriesOf(samplesOf(rows), images));
  },
};

/** Entries of each fitted metric: two that are fitted are joined, and their rows are not added up again. */
const fittedEntries = new WeakMap<FittedMetric, Entries>();

function fitted(entries: Entries): FittedMetric {
  const counted = new Float64Array(defaults.bins);
  const differences = new Float64Array(defaults.bins);
  const valuesAt = ({ counts }: ImageWeights): readonly MetricValue[] => {
    counted.fill(0);
    differences.fill(0);
    for (let image = 0, at = 0; image < entries.ends.length; image++) {
      const weight = counts[image]!;
      const end = entries.ends[image]!;
      // Images that are not drawn add nothing.
      if (weight > 0)
        for (; at < end; at++) {
          counted[entries.bins[at]!]! += weight * entries.counts[at]!;
          differences[entries.bins[at]!]! += weight * entries.differences[at]!;
        }
      at = end;
    }
    return [errorOf(counted, differences)];
  };
  const found: FittedMetric = Object.assign(valuesAt, {
    byExchange: (exchanges: Iterable<Uint8Array>) => exchangedFigures(entries, exchanges),
    joined(other: FittedMetric) {
      const others = fittedEntries.get(other);
      return others && fitted(joinEntries(entries, others));
    },
  });
  fittedEntries.set(found, entries);
  return found;
}

/** Returns the figure of sums over the bins. */
function errorOf(counted: Float64Array, differences: Float64Array): MetricValue {
  const n = counted.reduce((total, each) => total + each, 0);
  const error = differences.reduce((total, difference) => total + Math.abs(difference), 0) / n;
  return { id: "ece", value: n === 0 ? undefined : error, n };
}

/** Yields the figures of each exchange: each row is in the sums of one of the two sides. */
function* exchangedFigures(
  { ends, bins, counts, differences }: Entries,
  exchanges: Iterable<Uint8Array>,
): Generator<ExchangedFigures, void, void> {
  const sums = [0, 1].map(() => {
    return { counted: new Float64Array(defaults.bins), differences: new Float64Array(defaults.bins) };
  });
  const [first, second] = sums as [(typeof sums)[number], (typeof sums)[number]];
  for (const exchanged of exchanges) {
    for (const side of sums) {
      side.counted.fill(0);
      side.differences.fill(0);
    }
    for (let image = 0, at = 0; image < ends.length; image++) {
      const side = ((image & 1) ^ exchanged[image >> 1]!) === 0 ? first : second;
      for (const end = ends[image]!; at < end; at++) {
        side.counted[bins[at]!]! += counts[at]!;
        side.differences[bins[at]!]! += differences[at]!;
      }
    }
    yield {
      first: [errorOf(first.counted, first.differences)],
      second: [errorOf(second.counted, second.differences)],
    };
  }
}

/** Sums of the rows of one image in one bin, at one place of each list: weights are multiplied onto them. */
interface Entries {
  /** Places where the entries of each image end, images in ascending order. */
  readonly ends: Uint32Array;
  readonly bins: Uint8Array;
  readonly counts: Uint32Array;
  /** Sums of predicted less measured IoU. */
  readonly differences: Float64Array;
}

function entriesOf(samples: readonly Sample[], images: readonly ImageId[]): Entries {
  const order = [...new Set(images)].sort((a, b) => a - b);
  const placeOf = new Map(order.map((image, place) => [image, place]));
  const sums = new Map<number, { n: number; difference: number }>();
  for (const { image, bin, predicted, measured } of samples) {
    const place = placeOf.get(image);
    if (place === undefined) continue;
    const key = place * defaults.bins + bin;
    const known = sums.get(key) ?? { n: 0, difference: 0 };
    sums.set(key, { n: known.n + 1, difference: known.difference + (predicted - measured) });
  }
  const keys = [...sums.keys()].sort((a, b) => a - b);
  return {
    ends: endsOf(keys, order.length),
    bins: Uint8Array.from(keys, (key) => key % defaults.bins),
    counts: Uint32Array.from(keys, (key) => sums.get(key)!.n),
    differences: Float64Array.from(keys, (key) => sums.get(key)!.difference),
  };
}

/** Joins the entries of two sides on the same images: image i of the first is image 2i, image i of the second is 2i + 1. */
function joinEntries(a: Entries, b: Entries): Entries {
  const length = a.bins.length + b.bins.length;
  const both = {
    ends: new Uint32Array(2 * a.ends.length),
    bins: new Uint8Array(length),
    counts: new Uint32Array(length),
    differences: new Float64Array(length),
  };
  let at = 0;
  for (let image = 0; image < both.ends.length; image++) {
    const { ends, bins, counts, differences } = image % 2 === 0 ? a : b;
    const own = image >> 1;
    for (let from = own === 0 ? 0 : ends[own - 1]!; from < ends[own]!; from++, at++) {
      both.bins[at] = bins[from]!;
      both.counts[at] = counts[from]!;
      both.differences[at] = differences[from]!;
    }
    both.ends[image] = at;
  }
  return both;
}

function endsOf(keys: readonly number[], images: number): Uint32Array {
  const ends = new Uint32Array(images);
  for (const key of keys) ends[Math.floor(key / defaults.bins)]!++;
  for (let image = 1; image < images; image++) ends[image]! += ends[image - 1]!;
  return ends;
}

/** Returns the means of predicted and measured IoU in each bin, of which the error is made. */
export function reliabilityTable(
  rows: readonly Pick<PredictionRow, "image" | "predictedIou" | "iou">[],
): readonly ReliabilityBin[] {
  const samples = samplesOf(rows);
  return Array.from({ length: defaults.bins }, (_, bin) => {
    const own = samples.filter((sample) => sample.bin === bin);
    const mean = (pick: (sample: Sample) => number) => own.reduce((sum, sample) => sum + pick(sample), 0) / own.length;
    const means =
      own.length === 0
        ? {}
        : { predictedIou: mean(({ predicted }) => predicted), iou: mean(({ measured }) => measured) };
    return { from: bin / defaults.bins, to: (bin + 1) / defaults.bins, n: own.length, ...means };
  });
}

/** Returns the rows that have a measured IoU, each with its bin. */
function samplesOf(rows: readonly Pick<PredictionRow, "image" | "predictedIou" | "iou">[]): readonly Sample[] {
  return rows.flatMap(({ image, predictedIou, iou }) => {
    if (iou === undefined) return [];
    const predicted = Math.min(Math.max(predictedIou, 0), 1);
    return [
      { image, bin: Math.min(Math.floor(predicted * defaults.bins), defaults.bins - 1), predicted, measured: iou },
    ];
  });
}
