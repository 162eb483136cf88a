import type { Metric, TheoryCounts } from "../api.ts";
import type { Figure } from "../metrics/index.ts";
import { ownBook } from "../protocols/index.ts";
import { type LatencySummary, latencySummary } from "../stats/summary.ts";
import type { LatencyTurn } from "../store/latency.ts";
import { rowName } from "../store/rowName.ts";
import type { Manifest } from "../store/schema.ts";
import type { StoredRun } from "../store/store.ts";
import { type Accuracy, accuracyOf, heldForAccuracy, type ReportOptions } from "./accuracy.ts";
import { fallbackTexts } from "./fallbacks.ts";
import { type ColdStart, coldStartOf } from "./machine/coldStart.ts";
import { type EnergyFigure, energyFigure } from "./machine/energy.ts";
import type { EverythingReport } from "./machine/everythingStages.ts";
import { type Conditions, conditionsOf } from "./report/conditions.ts";
import { batchRate, everythingOf, everythingStagesOf, latencyOf, type Stage } from "./report/times.ts";
import { warningsOf } from "./report/warnings.ts";
import { type RunRows, readRunRows } from "./rows.ts";

/** A value with its 95 % interval, which is drawn by image; a value of one image has none. */
export type Score = Omit<Figure, "id">;

/** Figures of one prompts name as fractions, and the protocol that the name stands for. A figure without data is absent. */
interface PromptsReport {
  readonly protocol: string;
  /** Figures by the ids that the metrics give them: miou, small, AP, APs, AR@1000. */
  readonly [figure: string]: Score | string | undefined;
}

/** Returns a figure of prompts; nothing where they do not have it, or stand for another protocol. */
export function figureIn(prompts: PromptsReport | undefined, protocol: string, id: string): Score | undefined {
  const figure = prompts?.protocol === protocol ? prompts[id] : undefined;
  return typeof figure === "object" ? figure : undefined;
}

/** A run in numbers, as `--json` prints it, in milliseconds, bytes and fractions. Whatever was not measured is absent. */
export interface RunReport {
  readonly id: string;
  /** What the row is called: the variant's id, or the name that the user gave its checkpoint. */
  readonly variant: string;
  readonly title: string;
  /** Marks a floor: it does not look at the photo, and a model has to do better. */
  readonly role?: "floor";
  /** `published` is a checkpoint that is its authors' file. */
  readonly weights: Manifest["weights"]["source"] | "published";
  readonly weightsLabel: string;
  /** Hash of the weights file; absent for seeded weights and for ONNX files. */
  readonly weightsSha256?: string;
  /** Licence that restricts the use of the weights that the variant's authors publish. */
  readonly weightsLicence?: Manifest["weights"]["licence"];
  readonly dataset: string;
  readonly fingerprint: string;
  /** Names whose work the photos and annotations are, one line each. */
  readonly credits?: readonly string[] | undefined;
  /** Agreement of two people's masks, where the data set has them. */
  readonly humanAgreement?: NonNullable<Manifest["dataset"]["humanAgreement"]>;
  readonly status: Manifest["status"]["state"];
  /** The phase that was measured, where it was measured alone. */
  readonly only?: "accuracy" | "latency";
  readonly createdAt: string;
  readonly images: {
    /** Images that ran to their end; the figures are about these. */
    readonly finished: number;
    readonly failed: number;
    readonly planned: number;
  };
  /** Accuracy by prompts name; empty for seeded weights, whose masks mean nothing. */
  readonly prompts: Readonly<Record<string, PromptsReport>>;
  /**
   * All known metrics in the order of their columns: they say what figures are called and mean. `--json` leaves them out.
   */
  readonly metrics: readonly Metric[];
  readonly latency: Readonly<Partial<Record<Stage, LatencySummary>>>;
  /** Time of an image in everything mode, from the photo to its masks, by prompts name; each image is a sample. */
  readonly everything: Readonly<Record<string, LatencySummary>>;
  /** Stages of the time in everything mode, and the peaks of the process in them, by prompts name. */
  readonly everythingStages?: Readonly<Record<string, EverythingReport>>;
  /** Times of processes that load the model and run it for the first time. */
  readonly coldStart?: ColdStart;
  readonly energy?: EnergyFigure;
  /** Prompts that are decoded together in batches, in a second. */
  readonly promptsPerSecond?: number;
  /** Number of prompts in such a batch. */
  readonly batchPrompts?: number;
  /** Peak memory of a process that holds the model and one image. */
  readonly modelMemory?: NonNullable<Manifest["modelMemory"]>;
  /** The program that answers in a process of its own: what it is, and how long pixels and masks were on their way. */
  readonly external?: {
    readonly name: string;
    readonly versions: Readonly<Record<string, string>>;
    readonly transfer?: LatencySummary | undefined;
  };
  /** Peak memory of the worker, which holds the data set as well. */
  readonly harnessMemory?: number;
  readonly gpuMemory?: NonNullable<Manifest["gpuMemory"]>;
  /** Parameters of the checkpoint, without buffers. */
  readonly parameters?: number;
  /** Multiply-accumulates of the published architecture, or of what a method computes. */
  readonly referenceGmacs?: StageGmacs;
  /** Multiply-accumulates of the graphs that run. */
  readonly executedGmacs?: StageGmacs;
  /** Reasons why figures are absent, by field: a run of an older version lacks some. */
  readonly absent?: Readonly<Record<string, string>>;
  /** Counts of what quantisation saves on paper, from the graphs. */
  readonly theory?: TheoryCounts;
  /** Content of the graphs' files: elements of constants, folded tables among them, and bytes. */
  readonly graph?: { readonly constants: number; readonly fileBytes: number };
  readonly conditions: Conditions;
  /** Largest difference from what the processor computes, as a share of the std, by stage; absent on the processor. */
  readonly providerError?: Manifest["runtime"]["providerError"];
  /** Says which nodes of each graph ran on another provider than the one asked for. */
  readonly assignments?: Manifest["runtime"]["assignments"];
  /** Times in which the graphs were opened, where the provider builds engines of them. */
  readonly opening?: Manifest["runtime"]["opening"];
  /** Says what a page's visitor loads and waits for; absent where no page computes. */
  readonly page?: Manifest["runtime"]["page"];
  /** Notes of the variant: what a reader must know of its weights. */
  readonly notes: readonly string[];
  readonly warnings: Manifest["warnings"];
}

/** Multiply-accumulates in thousand millions, for one image and one box prompt. */
interface StageGmacs {
  readonly encode: number;
  readonly decode: number;
}

/** Returns everything that a table shows of a run, from its stored rows; no model is run. */
export async function reportOf(run: StoredRun, options: ReportOptions = {}): Promise<RunReport> {
  const hold = heldForAccuracy(run.manifest, options);
  return reportOfRows(run, await readRunRows(run, { hold }), options);
}

function weightsWord({ source, published }: Manifest["weights"]): RunReport["weights"] {
  return published === true ? "published" : source;
}

/** Returns the same of rows that were read already; they hold what `heldForAccuracy` says. */
export async function reportOfRows(run: StoredRun, rows: RunRows, options: ReportOptions): Promise<RunReport> {
  const { manifest } = run;
  const turns = await run.latency();
  const { id, variant, weights, dataset, graphs, modelMemory, harnessMemory, gpuMemory, absent } = manifest;
  const promptsPerSecond = batchRate(turns) ?? manifest.promptsPerSecond;
  const batchPrompts = turns[0]?.batches?.[0]?.prompts;
  const accuracy = weights.source === "seeded" ? noAccuracy : await accuracyOf(run, rows, options);
  return {
    id,
    variant: rowName(manifest),
    title: variant.title,
    weights: weightsWord(weights),
    weightsLabel: weights.label,
    role: variant.role,
    weightsSha256: weights.sha256,
    weightsLicence: weights.licence,
    dataset: dataset.id,
    fingerprint: dataset.fingerprint,
    credits: dataset.credits,
    humanAgreement: dataset.humanAgreement,
    status: manifest.status.state,
    only: manifest.status.state === "done" ? manifest.status.only : undefined,
    createdAt: manifest.createdAt,
    images: { finished: rows.images.length, failed: rows.failures.size, planned: dataset.images },
    prompts: promptsOf(accuracy),
    metrics: (options.book ?? ownBook).metrics,
    latency: latencyOf(turns),
    everything: everythingOf(manifest, rows),
    everythingStages: everythingStagesOf(rows),
    coldStart: coldStartOf(manifest),
    energy: energyFigure(manifest),
    promptsPerSecond,
    batchPrompts,
    modelMemory,
    external: externalOf(manifest, turns),
    harnessMemory,
    gpuMemory,
    parameters: graphs?.parameters,
    referenceGmacs: graphs?.referenceGmacs,
    executedGmacs: graphs?.executedGmacs,
    graph: graphs === undefined ? undefined : { constants: graphs.constants, fileBytes: graphs.fileBytes },
    theory: graphs?.theory,
    absent: absentOf(absent, accuracy),
    conditions: conditionsOf(manifest),
    providerError: manifest.runtime.providerError,
    assignments: manifest.runtime.assignments,
    opening: manifest.runtime.opening,
    page: manifest.runtime.page,
    notes: [...variant.notes, ...fallbackTexts(manifest.runtime)],
    warnings: [...warningsOf(manifest, rows), ...accuracy.unknown.map((text) => ({ about: "metrics", text }))],
  };
}

/** Masks of seeded weights mean nothing, so such a run has no accuracy. */
const noAccuracy: Accuracy = { prompts: {}, absent: {}, unknown: [] };

function promptsOf({ prompts }: Accuracy): Record<string, PromptsReport> {
  return Object.fromEntries(
    Object.entries(prompts).map(([name, { protocol, figures }]) => [name, { protocol, ...figures }]),
  );
}

/** Returns the reasons of a migration and of metrics that can not be computed; nothing where there are none. */
function absentOf(migrated: Manifest["absent"], { absent }: Accuracy): RunReport["absent"] {
  const all = { ...migrated, ...absent };
  return Object.keys(all).length === 0 ? undefined : all;
}

function externalOf({ external }: Manifest, turns: readonly LatencyTurn[]): RunReport["external"] {
  if (external === undefined) return undefined;
  const transfer = latencySummary(turns.flatMap(({ transferMs }) => transferMs ?? []));
  return { name: external.name, versions: external.versions, transfer };
}

/** Names that tables give to fields that a run of an earlier version lacks. */
export const absentNames: Readonly<Record<string, string>> = {
  modelMemory: "memory",
  gmacs: "GMACs",
  theory: "bit operations",
  scores: "average precision and recall",
};
