import { z } from "zod";
import { withValues } from "../absent.ts";
import type { Metric } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { judgementOf, metricsOf, type ScoreBook } from "../protocols/index.ts";
import { figureName } from "../results/compare/differences.ts";
import { type Stage, stageSamples } from "../results/report/times.ts";
import type { RunReport } from "../results/report.ts";
import { readRunRows } from "../results/rows.ts";
import { metricCode } from "../results/scores/scores.ts";
import { medianInterval } from "../stats/medianInterval.ts";
import { canonicalJson, sha256 } from "../store/canonical.ts";
import { count, text, whole } from "../store/schema/fields.ts";
import { isEarlier, type Manifest } from "../store/schema.ts";
import type { StoredRun } from "../store/store.ts";
import { type PublishedRecord, parseRecord, recordVersion } from "./record.ts";

/** A result is made of a run, its row of the table, and the commit of the project that was measured. */
export interface RecordParts {
  readonly run: StoredRun;
  readonly report: RunReport;
  readonly commit: PublishedRecord["commit"];
  readonly book: ScoreBook;
}

/** The fields of a run's plan that say which code made its rows, of which images. */
const planned = z.looseObject({
  code: z.looseObject({
    pipeline: text,
    protocols: z.record(text, text),
    dataset: text,
    boxes: text.optional(),
    external: text.optional(),
  }),
  dataset: z.looseObject({ images: z.array(whole) }),
  latency: z.looseObject({ warmup: count }),
});

/**
 * Returns the record of a run. Its figures are those of the run's table, to the last digit. Throws HarnessError for a run that is
 * not finished, that is a part of another, or that says too little of how it was made.
 */
export async function recordOf({ run, report, commit, book }: RecordParts): Promise<PublishedRecord> {
  const { manifest } = run;
  requireWhole(manifest);
  const { status, variant, weights, dataset, environment, harness } = manifest;
  const plan = planOf(manifest);
  const code = sha256(canonicalJson({ pipeline: plan.code.pipeline, version: harness.version }));
  const made = {
    schema: recordVersion,
    run: {
      id: manifest.id,
      createdAt: manifest.createdAt,
      rowsSha256: status.rowsSha256,
      latencySha256: status.latencySha256,
      only: status.only,
    },
    commit,
    variant: { id: variant.id, name: variant.name, title: variant.title, role: variant.role },
    weights,
    data: {
      id: dataset.id,
      fingerprint: dataset.fingerprint,
      images: {
        ...report.images,
        sha256: imagesHash(await finishedImages(run, report, plan)),
        plannedSha256: imagesHash(plan.dataset.images),
      },
      credits: dataset.credits,
    },
    seed: manifest.seed,
    headline: headlineOf(report, book),
    prompts: promptsOf(report, plan, book),
    latency: latencyOf(report, await run.latency()),
    everything: report.everything,
    promptsPerSecond: report.promptsPerSecond,
    measured: { rounds: manifest.rounds, warmup: plan.latency.warmup, code },
    memory: { model: report.modelMemory, worker: report.harnessMemory, gpu: report.gpuMemory },
    machine: machineOf(environment),
    runtime: manifest.runtime,
    program: report.conditions.program,
    harness: { ...harness, commit: manifest.commit?.hash, dirty: manifest.commit?.dirty },
    warnings: report.warnings.map(({ about, text }) => ({ about, text })),
  };
  // As it is read again, so that nothing is published that could not be, and absent fields are absent.
  return parseRecord(canonicalJson(made), manifest.id);
}

function requireWhole(manifest: Manifest): asserts manifest is Manifest & {
  readonly status: Extract<Manifest["status"], { readonly state: "done" }>;
  readonly harness: NonNullable<Manifest["harness"]>;
} {
  const { id, status, shard } = manifest;
  if (shard !== undefined)
    throw new HarnessError(`${id}: is shard ${shard.index} of ${shard.count}, and a part is no result`, {
      hint: "bench merge makes the whole run of all shards",
    });
  if (status.state !== "done")
    throw new HarnessError(`${id}: is not finished`, {
      found: status.state,
      hint: "the same bench run goes on from there",
    });
  if (isEarlier(manifest) || manifest.harness === undefined)
    throw new HarnessError(`${id}: recorded by an earlier version, which did not record the code that made it`, {
      hint: "measure it again",
    });
}

function planOf({ id, plan }: Manifest): z.infer<typeof planned> {
  const found = planned.safeParse(plan.resolved);
  if (found.success) return found.data;
  throw new HarnessError(`${id}: its plan does not say which code made its rows`, { hint: "measure it again" });
}

function imagesHash(ids: readonly number[]): string {
  return sha256(canonicalJson(ids.toSorted((a, b) => a - b)));
}

/** Returns the ids of the images that the figures are about. Rows are read only where an image failed. */
async function finishedImages(
  run: StoredRun,
  report: RunReport,
  plan: z.infer<typeof planned>,
): Promise<readonly number[]> {
  if (report.images.failed === 0 && report.images.finished === plan.dataset.images.length) return plan.dataset.images;
  return (await readRunRows(run, { hold: "nothing" })).images;
}

function promptsOf(report: RunReport, { code, input }: z.infer<typeof planned>, book: ScoreBook): object {
  const { pipeline, dataset, boxes, external } = code;
  const found = Object.entries(report.prompts).map(([name, { protocol: id, ...figures }]) => {
    const protocol = book.protocols.find((each) => each.id === id);
    const rows = sha256(canonicalJson({ pipeline, protocol: code.protocols[id], dataset, boxes, external, input }));
    const metrics = protocol === undefined ? [] : metricsOf(book, protocol);
    return [name, { protocol: id, rows, metrics: codesOf(metrics, name, Object.keys(figures)), figures }] as const;
  });
  return Object.fromEntries(found);
}

/** Returns the code of each metric that has figures here, and what `bench compare` calls each of them. */
function codesOf(metrics: readonly Metric[], prompts: string, figures: readonly string[]): object {
  const own = metrics.map((metric) => [metric, figures.filter((id) => isFigureOf(metric, id))] as const);
  return Object.fromEntries(
    own.flatMap(([metric, ids]) => {
      const names = Object.fromEntries(ids.map((id) => [id, figureName(metric, prompts, id)]));
      return ids.length === 0 ? [] : [[metric.id, { code: metricCode(metric), better: metric.better, figures: names }]];
    }),
  );
}

/** Tells whether a metric gives a figure: it names it, or the name goes on where the headline ends, as APs does behind AP. */
function isFigureOf({ headline, columns, parts = [] }: Metric, id: string): boolean {
  const named = [headline, ...columns.map((column) => column.id), ...parts.map((part) => part.id)];
  return named.includes(id) || id.startsWith(headline.replace(/\d+$/, ""));
}

/** Returns the name of the figure that the run is ranked by: the headline of its first prompts. */
function headlineOf({ prompts }: RunReport, { protocols }: ScoreBook): string | undefined {
  const [first] = Object.entries(prompts);
  const protocol = protocols.find(({ id }) => id === first?.[1].protocol);
  if (first === undefined || protocol === undefined) return undefined;
  const { headline } = judgementOf(protocol);
  return first[1][headline] === undefined ? undefined : `${headline}.${first[0]}`;
}

function latencyOf({ latency }: RunReport, turns: Parameters<typeof stageSamples>[0]): object {
  const samples = stageSamples(turns);
  const found = Object.entries(latency) as [Stage, NonNullable<RunReport["latency"][Stage]>][];
  return Object.fromEntries(
    found.map(([stage, summary]) => [stage, { ...summary, ...medianInterval(samples[stage]) }]),
  );
}

/** Leaves out of a machine what differs from one minute to the next. */
function machineOf({ load: _, memory, ...machine }: Manifest["environment"]): object {
  return withValues({ ...machine, memoryBytes: memory.totalBytes });
}
