import { units } from "../../metrics/index.ts";
import type { FigureDifference } from "../../results/compare/differences.ts";
import { changeRange, differenceRange, differenceText, figureText, milliseconds } from "../../results/compare/words.ts";
import type { Headline } from "../../results/headline.ts";
import type { Interval } from "../../stats/intervals.ts";
import { promptsText } from "../table/cellText.ts";
import { nameColumns } from "../table/columns/resultColumns.ts";
import { licenceLines } from "../table/foot.ts";
import { layout, wrap } from "../table/formats/layout.ts";
import { type Column, none } from "../table/grid.ts";
import { unitText } from "../table/intervalText.ts";
import type { Candidate } from "./candidate.ts";
import { type Excess, isUncertain, type LimitName, type Limits } from "./limits.ts";
import type { Decision, Miss, Ranked, Ranking } from "./ranking.ts";

const defaults = {
  width: 100,
  /** Most candidates over a limit that are named. */
  misses: 5,
  /** Most variants without a place whose reasons are told. */
  unranked: 3,
};

const masksAdvice =
  "accuracy needs masks: photos in images/ and mask PNGs in masks/, or an annotation file of COCO or LVIS; bench list datasets";

export interface ChoiceTextOptions {
  readonly limits: Limits;
  readonly headline: Headline | undefined;
  /** What stands beside it and ranks nothing. */
  readonly beside: readonly Headline[];
  /** Variants without a place, and why. */
  readonly unranked: readonly { readonly variant: string; readonly reason: string }[];
  readonly width?: number | undefined;
}

/** Writes the answer as plain text: what was asked, what fits with the best first, what decides, and what nearly fits. */
export function choiceText(
  ranking: Ranking,
  { limits, headline, beside, unranked, width = defaults.width }: ChoiceTextOptions,
) {
  const { fitting, missing } = ranking;
  const all = [...fitting, ...missing].map(({ candidate }) => candidate);
  const figure = all.some(({ accuracy }) => accuracy !== undefined) ? headline : undefined;
  const lines = (texts: readonly string[]) => texts.map((text) => wrap(text, width, "  ")).join("\n");
  const blocks = [
    lines([titleOf(all[0]!, figure), limitsText(limits), ...(figure === undefined ? [masksAdvice] : [])]),
    fitting.length === 0 ? lines(nothingFits(ranking)) : layout(columnsOf(fitting, { limits, figure, beside })),
    lines(decisionTexts(fitting, figure)),
    fitting.length === 0 ? "" : lines(missTexts(ranking)),
    lines(unrankedTexts(unranked)),
    lines(licenceLines(all.map(({ report }) => report))),
  ];
  return blocks.filter((block) => block !== "").join("\n\n");
}

/** Says that nothing fits, with the nearest and by how much it fails; the whole answer where a limit is too tight. */
function nothingFits({ missing }: Ranking): readonly string[] {
  const [nearest, ...others] = missing as [Miss, ...Miss[]];
  const { candidate, excesses } = nearest;
  const first = `nothing fits; the nearest is ${nameOf(candidate)}: ${excessTexts(excesses).join("; ")}`;
  return others.length === 0 ? [first] : [first, ...missLines(others)];
}

function titleOf({ report, accuracy }: Candidate, headline: Headline | undefined): string {
  const { dataset, images, conditions } = report;
  const counted = `${dataset}, ${images.planned} image${images.planned === 1 ? "" : "s"}`;
  const asked = headline === undefined ? "" : `, prompts ${headline.prompts} (${headline.protocol})`;
  const unknown = headline === undefined ? "; no masks were scored, so accuracy is unknown" : "";
  const n = accuracy === undefined ? "" : `, n ${accuracy.n}`;
  const { cpu, threads, provider } = conditions;
  return `${counted}${asked}${n}${unknown}; ${cpu}, ${threads} threads${provider === undefined ? "" : `, ${provider}`}`;
}

function limitsText({ latencyMs, memoryBytes, accuracy }: Limits): string {
  const asked = [
    latencyMs === undefined ? [] : `${limitNames.latencyMs} at most ${amountText("latencyMs", latencyMs)}`,
    memoryBytes === undefined ? [] : `${limitNames.memoryBytes} at most ${amountText("memoryBytes", memoryBytes)}`,
    accuracy === undefined ? [] : `${limitNames.accuracy} at least ${amountText("accuracy", accuracy)}`,
  ].flat();
  return asked.length === 0 ? "no limit was given" : `asked for: ${asked.join(", ")}`;
}

const limitNames: Readonly<Record<LimitName, string>> = {
  latencyMs: "encode + decode",
  memoryBytes: "peak memory",
  accuracy: "accuracy",
};

const limitFlags: Readonly<Record<LimitName, string>> = {
  latencyMs: "--max-latency",
  memoryBytes: "--max-memory",
  accuracy: "--min-miou",
};

function amountText(limit: LimitName, amount: number): string {
  if (limit === "latencyMs") return `${milliseconds(amount)} ms`;
  return limit === "memoryBytes" ? `${(amount / 1e6).toFixed(0)} MB` : `${(100 * amount).toFixed(1)} %`;
}

function columnsOf(
  fitting: readonly Ranked[],
  { limits, figure, beside }: Pick<ChoiceTextOptions, "limits" | "beside"> & { readonly figure: Headline | undefined },
): readonly Column[] {
  const candidates = fitting.map(({ candidate }) => candidate);
  const column = (header: readonly string[], cellOf: (candidate: Candidate) => string | undefined): Column => ({
    header,
    align: "right",
    cells: candidates.map((candidate) => cellOf(candidate) ?? none),
  });
  const ranks = { header: [""], align: "right", cells: fitting.map((_, i) => String(i + 1)) } as const;
  const accuracy =
    figure === undefined
      ? []
      : [column(headerOf(figure, beside), (each) => each.accuracy && unitText(each.accuracy, figure.metric.unit))];
  const further = beside.map((headline, i) =>
    column(headerOf(headline, beside), (each) => each.beside[i] && unitText(each.beside[i], headline.metric.unit)),
  );
  const reaches = candidates.some((each) => isUncertain(each, limits))
    ? [column([""], (each) => (isUncertain(each, limits) ? "its interval reaches beyond a limit" : ""))]
    : [];
  return [
    ranks,
    ...nameColumns(candidates.map(({ report }) => report)),
    ...accuracy,
    ...further,
    column(["encode + decode", "ms"], ({ latency }) => latency && latencyText(latency)),
    column(["peak memory", "MB"], ({ memoryBytes }) =>
      memoryBytes === undefined ? undefined : (memoryBytes / 1e6).toFixed(0),
    ),
    ...reaches,
  ];
}

function headerOf({ title, prompts, metric }: Headline, beside: readonly Headline[]): readonly string[] {
  const { sign } = units[metric.unit];
  return [title, beside.length === 0 ? sign : `${promptsText(prompts)}, ${sign}`];
}

/** Writes a median with its interval, which is hardly ever symmetric. */
function latencyText({ value, low, high }: Interval): string {
  if (low === undefined || high === undefined) return milliseconds(value);
  return `${milliseconds(value)} [${milliseconds(low)}, ${milliseconds(high)}]`;
}

/** Says for each place but the first what put it there. */
function decisionTexts(fitting: readonly Ranked[], headline: Headline | undefined): readonly string[] {
  return fitting.flatMap((ranked, place) => {
    const { candidate, decision } = ranked;
    if (decision === undefined) return [];
    const against = fitting.findIndex((each) => each.candidate === decision.against);
    const [ahead, behind] = place < against ? [candidate, decision.against] : [decision.against, candidate];
    const names = { ahead: nameOf(ahead), behind: nameOf(behind) };
    if (decision.by === "latency") return [`- ${speedText(decision, names, { ahead, behind })}`];
    const { outcome } = decision;
    return [`- ${outcome === "worse" ? worseText(decision, names) : alikeText(decision, { ahead, behind }, headline)}`];
  });
}

function worseText({ difference }: Decision, { ahead, behind }: Names): string {
  const by = difference && signedText(difference);
  return `${behind} is less accurate than ${ahead}${by === undefined ? "" : ` (${by})`}.`;
}

function signedText({ difference, unit }: FigureDifference): string {
  const size = `${differenceText(difference.value, unit)} ${units[unit].differenceSign}`;
  return `${size}, 95 % interval ${differenceRange(difference, unit)}`;
}

interface Names {
  readonly ahead: string;
  readonly behind: string;
}

interface Pair {
  readonly ahead: Candidate;
  readonly behind: Candidate;
}

function alikeText(decision: Decision, { ahead, behind }: Pair, headline: Headline | undefined): string {
  const names = `${nameOf(ahead)} and ${nameOf(behind)}`;
  const faster = latencyReason(decision, { ahead, behind });
  if (decision.difference === undefined) return `${names} share no ${headline?.title ?? "accuracy"} figure; ${faster}.`;
  const { difference, detectable, a, b, unit } = decision.difference;
  const size = `${unitText(absolute(difference), unit)} ${units[unit].differenceSign}`;
  if (a.value === b.value && difference.low === 0 && difference.high === 0)
    return `${names} are equally accurate, to the last mask; ${faster}.`;
  const least = detectable === undefined ? "" : `, and one of ${figureText(detectable, unit)} would have shown`;
  return `${names} are not shown to differ in accuracy: ${size} between them${least}; ${faster}.`;
}

/** Returns the difference without its sign: which of the two is meant shows in neither name. */
function absolute({ value, low, high }: Interval): Interval {
  return value < 0 && low !== undefined && high !== undefined
    ? { value: -value, low: -high, high: -low }
    : { value: Math.abs(value), low, high };
}

function latencyReason({ speed }: Decision, { ahead, behind }: Pair): string {
  if (ahead.latency === undefined) return "neither latency was measured";
  if (behind.latency === undefined) return "the one whose latency was measured is first";
  const medians = `${milliseconds(ahead.latency.value)} and ${milliseconds(behind.latency.value)} ms`;
  if (speed === "no difference") return `neither is faster beyond chance, and the lower median is first (${medians})`;
  const apart = speed === undefined ? ", measured in two sessions" : "";
  return `the faster one is first (${medians}${apart})`;
}

function speedText({ outcome, latency, speed }: Decision, names: Names, { ahead, behind }: Pair): string {
  const change = latency === undefined ? "" : ` (95 % interval of the change ${changeRange(latency.ratio)} %)`;
  if (outcome === "alike") {
    const medians = [ahead, behind].map((each) => each.latency && milliseconds(each.latency.value)).join(" and ");
    return `${names.ahead} and ${names.behind} are not told apart in speed, ${medians} ms${change}; the smaller one is first.`;
  }
  const apart = speed === undefined ? ", as their medians say: they were measured in two sessions" : "";
  return `${names.behind} is slower than ${names.ahead}${change}${apart}.`;
}

function missTexts({ missing }: Ranking): readonly string[] {
  return missing.length === 0 ? [] : ["does not fit, the nearest first:", ...missLines(missing)];
}

function missLines(missing: Ranking["missing"]): readonly string[] {
  const shown = missing.slice(0, defaults.misses);
  const more = missing.length - shown.length;
  const lines = shown.map(({ candidate, excesses }) => `- ${nameOf(candidate)}: ${excessTexts(excesses).join("; ")}`);
  return more === 0 ? lines : [...lines, `- and ${more} more`];
}

function excessTexts(excesses: readonly Excess[]): readonly string[] {
  return excesses.map(({ limit, allowed, found, ratio }) => {
    const flag = `${limitFlags[limit]} ${amountText(limit, allowed)}`;
    if (found === undefined) return `${limitNames[limit]} is unknown, and ${flag} asks for it`;
    const by = amountText(limit, Math.abs(found - allowed));
    const share = limit === "accuracy" ? 1 - 1 / ratio : ratio - 1;
    const size = share < 1 ? `${(100 * share).toFixed(0)} %` : `${ratio.toFixed(1)} times as much`;
    const way = limit === "accuracy" ? "below" : "over";
    return `${limitNames[limit]} ${amountText(limit, found)}, ${by} ${way} ${flag} (${size})`;
  });
}

function unrankedTexts(unranked: ChoiceTextOptions["unranked"]): readonly string[] {
  if (unranked.length === 0) return [];
  const shown = unranked.slice(0, defaults.unranked).map(({ variant, reason }) => `- ${variant}: ${reason}`);
  const more = unranked.length - shown.length;
  return ["not ranked:", ...shown, ...(more === 0 ? [] : [`- and ${more} more; --json names all`])];
}

function nameOf({ report: { variant, weights } }: Candidate): string {
  return weights === "seeded" ? `${variant} (seeded)` : variant;
}
