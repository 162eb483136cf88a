import { medianInterval } from "../stats/medianInterval.ts";
import { twoModes } from "../stats/modes.ts";
import { largest, latencySummary, median } from "../stats/summary.ts";

/**
 * What a warning asks for, so that warnings that ask for the same can be told in one sentence: a quiet or rested machine,
 * a clock that holds, more rounds, more warm-up, another processor.
 */
export type MeasureAsk = "quiet" | "rest" | "clock" | "rounds" | "warmup" | "processor";

/** A warning about one figure: its text is a whole sentence that ends in advice. */
export interface Warning {
  readonly about: string;
  readonly text: string;
  readonly ask?: MeasureAsk;
  /** Cores that other programs kept busy, and cores that there are. */
  readonly cores?: { readonly busy: number; readonly all: number };
}

/** Settings that the user has already made: advice names them, and does not ask for what is done. */
interface MeasureSettings {
  readonly warmup: number;
  readonly rounds: number;
  /** Present where this time limit decided the rounds. */
  readonly maxMinutes?: number | undefined;
}

interface DriftInput {
  /** Name of the figure that the samples belong to, as the report has it: `sam-nano total`. */
  readonly about: string;
  /**
   * Samples in ms, in the order in which they were measured: encode and decode of a round together, for these are what rows are
   * compared by. What is unsure of a part alone is as small a share of the total as the part is.
   */
  readonly samples: readonly number[];
  readonly settings: MeasureSettings;
}

/**
 * A warning is for what changes a reader's conclusion: a median that is biased, or that another run would not repeat. Outliers
 * and a wide middle half alone are no such thing, because the median hardly moves with them; both stand in the raw samples.
 */
const limits = {
  /** The medians of the first and the last third may differ by this share. */
  drift: 0.1,
  /**
   * Half of the median's 95 % interval may be this share of the median. Of 20 samples it varies by a quarter of itself, so that
   * no smaller share tells a noisy machine from a quiet one: on a shared virtual machine ± 10 % is usual.
   */
  unsure: 0.2,
  /** A sample this many interquartile ranges beyond the quartiles, and this share off the median, is an outlier. */
  outlierRanges: 3,
  outlierShare: 0.2,
  /** Outliers beyond this share may be why the median is unsure. */
  outliers: 0.05,
  /** Below this many samples their shape can not be judged. */
  samples: 9,
  /** Few samples may lie this share apart before that is worth a word. */
  apart: 0.15,
  /** Other programs may take this share of the cores: they make a turn that uses all cores about as much longer. */
  busyShare: 0.1,
};

/** Rounds that are enough to judge a sample's shape; the default of a run. */
const enoughRounds = 20;

/** An interval is as narrow as asked for with so many times the rounds that its width asks for, because widths vary. */
const spareRounds = 1.3;

/** Warns a reader who would believe a latency. Only the most telling finding is returned: one cause shows in several. */
export function driftWarnings(input: DriftInput): Warning[] {
  if (input.samples.length === 0) return [];
  const found =
    input.samples.length < limits.samples ? fewFinding(input) : (driftFinding(input) ?? unsureFinding(input));
  return found === undefined ? [] : [{ about: input.about, text: `${input.about}: ${found.text}`, ask: found.ask }];
}

/** Names what other work may disturb: its figures, and what measures them again. */
const disturbed = {
  latency: { figures: "latencies", again: "--phase latency" },
  "cold start": { figures: "cold starts", again: "--phase latency --cold-start" },
} as const;

/**
 * Warns of other work. `busy` is the number of cores that other programs kept busy in each round, `cores` are those that this
 * process may use.
 */
export function otherWorkWarnings({
  busy,
  cores,
  about = "latency",
}: {
  readonly busy: readonly number[];
  readonly cores: number;
  readonly about?: keyof typeof disturbed;
}): Warning[] {
  if (busy.length === 0) return [];
  const middle = median(busy);
  if (middle < limits.busyShare * cores) return [];
  const { figures, again } = disturbed[about];
  const text = `other programs kept ${middle.toFixed(1)} of ${cores} cores busy while ${figures} were measured. Treat these as upper bounds, or stop the programs and run again with ${again}.`;
  return [{ about, text, ask: "quiet", cores: { busy: middle, all: cores } }];
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
  return [{ about, text, ask: "processor" }];
}

interface Finding {
  readonly text: string;
  readonly ask: MeasureAsk;
}

/** Warns of few samples: without a warning they would read as a clean measurement. */
function fewFinding({ samples, settings }: DriftInput): Finding {
  const count = samples.length === 1 ? "1 sample is" : `${samples.length} samples are`;
  const span = Math.max(...samples) / Math.min(...samples) - 1;
  const range = samples.length > 1 && span >= limits.apart ? `, and they lie up to ${percent(span)} apart` : "";
  return {
    text: `${count} too few to tell drift, two speeds or outliers${range}. Raise ${moreRounds(settings, ` to ${enoughRounds}`)}.`,
    ask: "rounds",
  };
}

/** Names the option that brings more rounds, and what it is now. */
function moreRounds({ rounds, maxMinutes }: MeasureSettings, enough = ""): string {
  if (maxMinutes === undefined) return `--rounds (now ${rounds})${enough}`;
  return `--max-minutes (now ${maxMinutes}, which left ${rounds} rounds)`;
}

function driftFinding({ samples, settings }: DriftInput): Finding | undefined {
  const third = Math.floor(samples.length / 3);
  const first = samples.slice(0, third);
  const last = samples.slice(-third);
  const change = median(first) / median(last) - 1;
  if (Math.abs(change) < limits.drift || !separate(first, last)) return undefined;
  if (change > 0)
    return {
      text: `the first third was ${percent(change)} slower than the last (caches or clock frequency). Raise --warmup (now ${settings.warmup}).`,
      ask: "warmup",
    };
  return {
    text: `the last third was ${percent(1 / (1 + change) - 1)} slower than the first (heat, or other work that began). Let the machine rest and measure again; more --rounds (now ${settings.rounds}) will not help.`,
    ask: "rest",
  };
}

/** Tells whether two thirds differ by more than chance: by a rank sum 3 standard deviations off. Source: Mann and Whitney, 1947. */
function separate(a: readonly number[], b: readonly number[]): boolean {
  const wins = a.reduce((sum, x) => sum + b.reduce((own, y) => own + (x > y ? 1 : x === y ? 0.5 : 0), 0), 0);
  const pairs = a.length * b.length;
  const deviation = Math.sqrt((pairs * (a.length + b.length + 1)) / 12);
  // With three samples against three, complete separation is only 1.96 deviations: there it is enough.
  return Math.abs(wins - pairs / 2) >= Math.min(3 * deviation, pairs / 2);
}

/** Warns of a median that another run would not repeat, and says what the samples show of the reason. */
function unsureFinding(input: DriftInput): Finding | undefined {
  const { samples, settings } = input;
  const middle = median(samples);
  const { low, high } = medianInterval(samples);
  const share = (high - low) / 2 / middle;
  if (share < limits.unsure) return undefined;
  const known = `the median of ${samples.length} samples is known from ${ms(low)} to ${ms(high)} only`;
  const modes = modesText(input);
  if (modes !== undefined) return { text: `${known}: ${modes}`, ask: "rounds" };
  // An interval narrows with the root of the rounds.
  const rounds = Math.ceil((spareRounds * settings.rounds * (share / limits.unsure) ** 2) / 10) * 10;
  return {
    text: `${known}${outlierText(samples)}. Close other programs, or raise ${moreRounds(settings, ` to ${rounds}`)}.`,
    ask: "rounds",
  };
}

function modesText({ samples }: DriftInput): string | undefined {
  const found = twoModes(samples);
  if (found === undefined) return undefined;
  const low = Math.round(found.lowShare * samples.length);
  return `there are two speeds, ${low} samples around ${ms(found.low)} and ${samples.length - low} around ${ms(found.high)} (two kinds of cores, or another process in turns). Set --threads to the number of equal cores or stop other work.`;
}

function outlierText(samples: readonly number[]): string {
  const { median: middle, q1, q3 } = latencySummary(samples)!;
  const range = limits.outlierRanges * (q3 - q1);
  const far = samples.filter(
    (sample) => (sample > q3 + range || sample < q1 - range) && Math.abs(sample / middle - 1) > limits.outlierShare,
  );
  if (far.length <= limits.outliers * samples.length) return "";
  return `; ${far.length} were far off (up to ${ms(largest(far))}), as if something else ran`;
}

const percent = (share: number) => `${Math.round(share * 100)} %`;
const ms = (value: number) => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
