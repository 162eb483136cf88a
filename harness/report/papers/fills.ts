import { latencyProtocol, natureOf } from "./measured.ts";
import type { Measure } from "./paper.ts";
import { type EvaluationSet, evaluationSets } from "./sets.ts";

/** Protocols and variants that runs can be made of here, and what the user says of the stored runs. */
export interface FillContext {
  /** Protocols by id. */
  readonly protocols: ReadonlyMap<string, RunnableProtocol>;
  readonly variants: ReadonlySet<string>;
  /** Folder of runs, where it is not the usual one. */
  readonly results?: string;
  /** Detector whose boxes the runs were prompted with. The user says so, because runs do not record it. */
  readonly detector?: string;
}

/** The part of a protocol that a command line depends on. */
interface RunnableProtocol {
  /** Names of the prompts that the protocol defines. */
  readonly prompts: readonly string[];
  readonly prompted: "annotations" | "detections" | "grid" | "nothing";
}

/** A command line that fills open cells. */
export interface Fill {
  readonly command: string;
  /** Tells what the user must have first, and what to do afterwards. */
  readonly remarks: readonly string[];
}

export interface Fills {
  readonly fills: readonly Fill[];
  /** Reasons why no run fills the other cells, each once. */
  readonly closed: readonly string[];
  /** Returns the number of the command line that fills a cell, from 1; nothing where no run fills it. */
  numberOf(variant: string, measure: Measure): number | undefined;
}

interface Pair {
  readonly variant: string;
  readonly measure: Measure;
}

/** Cells that one command line fills. */
interface Group {
  readonly kind: "latency" | "accuracy";
  readonly set: EvaluationSet | undefined;
  /** Tells whether the prompts are boxes of a detector. */
  readonly boxes: boolean;
  readonly detector: string | undefined;
  readonly pairs: Pair[];
}

/**
 * Returns the fewest command lines that fill these cells: one for latency and sizes, and one for each data set and set of
 * boxes.
 */
export function fillsOf(pairs: readonly Pair[], context: FillContext): Fills {
  const groups: Group[] = [];
  const closed = new Set<string>();
  for (const pair of pairs) {
    const reason = closedReason(pair.measure, context);
    if (reason !== undefined) closed.add(reason);
    else place(pair, groups, context);
  }
  return {
    fills: groups.map((group) => fillOf(group, context)),
    closed: [...closed],
    numberOf(variant, measure) {
      const at = groups.findIndex((group) => group.pairs.some((each) => samePair(each, { variant, measure })));
      return at < 0 ? undefined : at + 1;
    },
  };
}

function closedReason(measure: Measure, { protocols }: FillContext): string | undefined {
  const { protocol, dataset } = measure;
  if (natureOf(measure) !== "images" && (protocol === undefined || protocol === latencyProtocol)) return undefined;
  if (protocol === undefined || !protocols.has(protocol))
    return `no run fills cells of protocol ${protocol}: this sam-bench does not measure it`;
  if (evaluationSets[dataset ?? ""] === undefined)
    return `no run fills cells of protocol ${protocol}: which images the paper took is not known`;
  return undefined;
}

function place(pair: Pair, groups: Group[], { protocols }: FillContext): void {
  const { measure } = pair;
  const accuracy = natureOf(measure) === "images";
  const group = {
    kind: accuracy ? "accuracy" : "latency",
    set: accuracy ? evaluationSets[measure.dataset!] : undefined,
    boxes: accuracy && protocols.get(measure.protocol!)!.prompted === "detections",
    detector: measure.detector,
  } as const;
  const other = groups.find((each) => isAlike(each, group) && takes(each, measure));
  if (other !== undefined) other.pairs.push(pair);
  else groups.push({ ...group, pairs: [pair] });
}

function isAlike(a: Omit<Group, "pairs">, b: Omit<Group, "pairs">): boolean {
  return a.kind === b.kind && a.set === b.set && a.boxes === b.boxes && a.detector === b.detector;
}

/** Tells whether a group can take a measure: in one run, a prompts name belongs to one protocol. */
function takes({ kind, pairs }: Group, { prompt, protocol }: Measure): boolean {
  if (kind === "latency") return true;
  return pairs.every(({ measure }) => measure.prompt !== prompt || measure.protocol === protocol);
}

function fillOf({ kind, set, boxes, detector, pairs }: Group, { protocols, variants, results }: FillContext): Fill {
  const needed = unique(pairs.map(({ variant }) => variant));
  const missing = needed.filter((variant) => !variants.has(variant));
  const remarks = missing.length === 0 ? [] : [`this sam-bench has no variant ${missing.join(", ")}`];
  const where = results === undefined ? [] : [`--results ${results}`];
  const start = `bench run --variants ${needed.join()}`;
  if (kind === "latency") return { command: [start, "--weights seeded", ...where].join(" "), remarks };
  const words = [
    start,
    ...needed.map((variant) => `--checkpoint ${variant}=FILE`),
    `--dataset ${set!.dataset} --data FOLDER`,
    ...promptFlags(pairs, protocols),
    ...(boxes ? ["--boxes DETECTIONS.json"] : []),
    ...where,
  ];
  return {
    command: words.join(" "),
    remarks: [
      `FOLDER: the images and annotations of ${set!.title}`,
      ...(boxes ? [boxesRemark(detector)] : []),
      ...remarks,
    ],
  };
}

/**
 * Says which boxes are needed. A run does not know whose boxes it had; protocols of ViTDet's boxes have it in their name.
 */
function boxesRemark(detector: string | undefined): string {
  return detector === undefined
    ? "DETECTIONS.json: of ViTDet-H, published by mit-han-lab as coco_vitdet.json and lvis_vitdet.json"
    : `DETECTIONS.json: of ${detector}; after it, bench table --paper with --detector "${detector}"`;
}

function promptFlags(pairs: readonly Pair[], protocols: FillContext["protocols"]): readonly string[] {
  const ids = unique(pairs.map(({ measure }) => measure.protocol!));
  const wanted = new Set(pairs.map(({ measure }) => measure.prompt));
  const defined = ids.flatMap((id) => protocols.get(id)!.prompts);
  const named = defined.filter((name) => wanted.has(name));
  const whole = named.length === 0 || named.length === defined.length;
  return [`--protocol ${ids.join()}`, ...(whole ? [] : [`--prompts ${unique(named).join()}`])];
}

function samePair(a: Pair, b: Pair): boolean {
  const names = ["protocol", "prompt", "metric", "size", "dataset", "detector"] as const;
  return a.variant === b.variant && names.every((name) => a.measure[name] === b.measure[name]);
}

function unique<T>(items: readonly T[]): readonly T[] {
  return [...new Set(items)];
}
