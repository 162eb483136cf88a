import { twoModes } from "../stats/modes.ts";
import { largest, latencySummary, median } from "../stats/summary.ts";

/** A warning about one figure: its text is a whole sentence that ends in advice. */
export interface Warning {
  readonly about: string;
  readonly text: string;
}

/** Settings that the user has already made: advice names them, and does not ask for what is done. */
interface MeasureSettings {
  readonly warmup: number;
  readonly rounds: number;
}

interface DriftInput {
  /** Name of the figure that the samples belong to, as the report has it: `sam-nano encode`. */
  readonly about: string;
  /** Samples in ms, in the order in which they were measured. */
  readonly samples: readonly number[];
  readonly settings: MeasureSettings;
}

const limits = {
  /** The medians of the first and the last third may differ by this share. */
  drift: 0.05,
  /** A sample this many interquartile ranges beyond the quartiles, and this share off the median, is an outlier. */
  outlierRanges: 3,
  outlierShare: 0.2,
  /** Outliers beyond this share are worth a word. */
  outliers: 0.05,
  /** The interquartile range may be this share of the median. */
  spread: 0.15,
  /** Below this many samples their shape can not be judged. */
  samples: 9,
};

/** Rounds that are enough to judge a sample's shape; the default of a run. */
const enoughRounds = 20;

/** Warns a reader who would believe a latency. Only the most telling finding is returned: one cause shows in several. */
export function driftWarnings(input: DriftInput): Warning[] {
  if (input.samples.length === 0) return [];
  const few = input.samples.length < limits.samples;
  const text = few ? fewText(input) : (driftText(input) ?? modesText(input) ?? outlierText(input) ?? spreadText(input));
  return text === undefined ? [] : [{ about: input.about, text: `${input.about}: ${text}` }];
}

/** Warns of other work. `load` is the load average of the minute before the first sample, `cores` are those of this process. */
export function loadWarnings({ load, cores }: { readonly load: number; readonly cores: number }): Warning[] {
  if (load < Math.max(0.5, 0.25 * cores)) return [];
  const text = `other work was running before the first sample (load average ${load.toFixed(1)} on ${cores} cores). Stop it and measure again, or read latencies as upper bounds.`;
  return [{ about: "latency", text }];
}

/** Warns of integer products on x86 without VNNI; `flags` are those of the processor that timed the graphs. */
export function int8Warnings({
  about,
  flags,
}: {
  readonly about: string;
  readonly flags: readonly string[];
}): Warning[] {
  if (!flags.includes("avx2") || flags.some((flag) => flag.endsWith("vnni"))) return [];
  const text = `${about}: int8 products take the runtime about twice as long here as on a processor with VNNI, whose sums need no wider integers. Measure on one before you judge their speed.`;
  return [{ about, text }];
}

/** Warns of few samples: without a warning they would read as a clean measurement. */
function fewText({ samples, settings }: DriftInput): string {
  const count = samples.length === 1 ? "1 sample is" : `${samples.length} samples are`;
  const span = Math.max(...samples) / Math.min(...samples) - 1;
  const range = samples.length > 1 && span >= limits.spread ? `, and they lie up to ${percent(span)} apart` : "";
  return `${count} too few to tell drift, two speeds or outliers${range}. Raise --rounds (now ${settings.rounds}) to ${enoughRounds}.`;
}

function driftText({ samples, settings }: DriftInput): string | undefined {
  const third = Math.floor(samples.length / 3);
  const first = samples.slice(0, third);
  const last = samples.slice(-third);
  const change = median(first) / median(last) - 1;
  if (Math.abs(change) < limits.drift || !separate(first, last)) return undefined;
  if (change > 0) {
    return `the first third was ${percent(change)} slower than the last (caches or clock frequency). Raise --warmup (now ${settings.warmup}).`;
  }
  return `the last third was ${percent(1 / (1 + change) - 1)} slower than the first (heat, or other work that began). Let the machine rest and measure again; more --rounds (now ${settings.rounds}) will not help.`;
}

/** Tells whether two thirds differ by more than chance: by a rank sum 3 standard deviations off. Source: Mann and Whitney, 1947. */
function separate(a: readonly number[], b: readonly number[]): boolean {
  const wins = a.reduce((sum, x) => sum + b.reduce((own, y) => own + (x > y ? 1 : x === y ? 0.5 : 0), 0), 0);
  const pairs = a.length * b.length;
  const deviation = Math.sqrt((pairs * (a.length + b.length + 1)) / 12);
  // With three samples against three, complete separation is only 1.96 deviations: there it is enough.
  return Math.abs(wins - pairs / 2) >= Math.min(3 * deviation, pairs / 2);
}

function modesText({ samples, settings }: DriftInput): string | undefined {
  const found = twoModes(samples);
  if (found === undefined) return undefined;
  const low = Math.round(found.lowShare * samples.length);
  return `two speeds: ${low} samples around ${ms(found.low)} and ${samples.length - low} around ${ms(found.high)} (two kinds of cores, or another process in turns). Set --threads to the number of equal cores or stop other work; the median of ${settings.rounds} rounds may jump between the two.`;
}

function outlierText({ samples, settings }: DriftInput): string | undefined {
  const { median: middle, q1, q3 } = latencySummary(samples)!;
  const range = limits.outlierRanges * (q3 - q1);
  const far = samples.filter(
    (sample) => (sample > q3 + range || sample < q1 - range) && Math.abs(sample / middle - 1) > limits.outlierShare,
  );
  if (far.length <= limits.outliers * samples.length) return undefined;
  return `${far.length} of ${samples.length} samples were far off the median of ${ms(middle)} (up to ${ms(largest(far))}): something else ran. Close other programs, or raise --rounds (now ${settings.rounds}).`;
}

function spreadText({ samples, settings }: DriftInput): string | undefined {
  const { median: middle, q1, q3, n } = latencySummary(samples)!;
  const spread = (q3 - q1) / middle;
  if (spread < limits.spread) return undefined;
  return `the middle half of ${n} samples spans ${percent(spread)} of the median. Close other programs, or raise --rounds (now ${settings.rounds}).`;
}

const percent = (share: number) => `${Math.round(share * 100)} %`;
const ms = (value: number) => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
