import { HarnessError, Stopped } from "../../errors.ts";
import { datasetCache } from "../../plan/data/datasetCache.ts";
import { openDataset } from "../../plan/data/openDataset.ts";
import { datasetOfFolder } from "../../plan/models/recognition.ts";
import type { LeftOut } from "../../plan/models/weights.ts";
import { planOptions } from "../../plan/options.ts";
import { resolvePlan } from "../../plan/plan.ts";
import { bookOf } from "../../plan/plugins/book.ts";
import type { RunFlags } from "../../plan/runFlags.ts";
import type { ScoreBook } from "../../protocols/index.ts";
import { heldForAccuracy } from "../../results/accuracy.ts";
import { judgementsOf } from "../../results/compare/applicable.ts";
import type { CompareOptions } from "../../results/compare/compare.ts";
import type { Side } from "../../results/compare/side.ts";
import { type Headline, headlineOf } from "../../results/headline.ts";
import { conditionsOf, sameConditions } from "../../results/report/conditions.ts";
import { type RunReport, reportOfRows } from "../../results/report.ts";
import { byPrompts, readRunRows } from "../../results/rows.ts";
import { datasetOfRun } from "../../results/runDataset.ts";
import { newestOfEach, soundRuns, withoutShards } from "../../results/storedRuns.ts";
import { rowName } from "../../store/rowName.ts";
import type { Manifest } from "../../store/schema.ts";
import { readRun, type StoredRun } from "../../store/store.ts";
import { runPlan } from "../runner.ts";
import type { OperandContext } from "./operands.ts";

export interface ChoiceRequest {
  /** `stored` takes what the results folder has; `measured` runs what it lacks. */
  readonly from: "stored" | "measured";
  /** Name of the prompts that accuracy is ranked by; box, or the first of a run, without it. */
  readonly prompts: string | undefined;
  /** Names of prompts whose accuracy stands beside it and ranks nothing. */
  readonly beside?: readonly string[];
}

/** A variant that has no place, with the reason. */
export interface Unranked {
  readonly variant: string;
  readonly reason: string;
}

/** What may be chosen from, on one data set and under one set of conditions. */
export interface Choice {
  readonly measured: readonly { readonly report: RunReport; readonly side: Side }[];
  readonly unranked: readonly Unranked[];
  readonly leftOut: readonly LeftOut[];
  /** Absent where no run has accuracy: photos without masks, or seeded weights alone. */
  readonly headline: Headline | undefined;
  readonly beside: readonly Headline[];
  readonly compare: CompareOptions;
}

/** Names of prompts that a run has where none are named. */
const defaultPrompts = ["box", "1p", "3p"];

/** Returns what may be chosen from. Throws HarnessError where there is nothing. */
export async function choiceOf(
  { from, prompts, beside = [] }: ChoiceRequest,
  context: OperandContext,
): Promise<Choice> {
  const { registry, plugins } = context;
  const flags = await withDataset(context);
  const found =
    from === "stored"
      ? await storedRuns(flags, context)
      : await measuredRuns({ ...flags, prompts: namesOf(prompts, beside) }, context);
  const { ranked, unranked } = rankable(found.runs);
  if (ranked.length === 0)
    throw new HarnessError("choose: no finished run to choose from", {
      found: unranked.map(({ variant, reason }) => `${variant} (${reason})`).join(", "),
      hint: "bench list runs shows the runs and their states",
    });
  const book = bookOf(registry);
  const scored = ranked.find(({ manifest }) => isScored(manifest));
  const headline = scored === undefined ? undefined : headlineOf(scored.manifest, prompts, book);
  const others = scored === undefined ? [] : beside.map((name) => headlineOf(scored.manifest, name, book));
  const measured = [];
  for (const run of ranked) measured.push(await readMeasured(run, { headline, beside, book, plugins }));
  const sides = measured.map(({ side }) => side);
  const dataset =
    headline?.metric.needs === "annotations"
      ? await datasetOfRun(scored!.manifest, sides[ranked.indexOf(scored!)]!.images, { plugins, data: flags.data })
      : undefined;
  const metrics = headline === undefined ? [] : [headline.metric];
  const judged = judgementsOf(sides, book);
  return {
    measured,
    unranked,
    leftOut: found.leftOut,
    headline,
    beside: others,
    compare: { metrics, judged, dataset, seed: flags.seed ?? planOptions.seed.default },
  };
}

function namesOf(prompts: string | undefined, beside: readonly string[]): string | undefined {
  return prompts === undefined ? undefined : [prompts, ...beside].join(",");
}

/** Returns the flags with the data set whose layout the folder of --data has, where the user names none. */
async function withDataset({ flags, registry }: OperandContext): Promise<RunFlags> {
  if (flags.data === undefined || flags.dataset !== undefined) return flags;
  return { ...flags, dataset: await datasetOfFolder(registry, flags.data) };
}

interface FoundRuns {
  readonly runs: readonly StoredRun[];
  readonly leftOut: readonly LeftOut[];
}

/** Runs the plan; runs that are finished already are taken as they are. Floors are no models to choose. */
async function measuredRuns(flags: RunFlags, { results, observer, signal }: OperandContext): Promise<FoundRuns> {
  // The prompts of bench run, so that its runs serve here as well.
  const shared = (flags.prompts?.split(",") ?? []).every((name) => defaultPrompts.includes(name));
  const plan = await resolvePlan(
    { ...flags, prompts: shared ? undefined : flags.prompts, baseline: false },
    observer.note,
  );
  const { runs, stopped } = await runPlan({ plan, results, asPassed: process.argv.slice(2), observer, signal });
  if (stopped) throw new Stopped("stopped before the end", { hint: "the same command goes on from here" });
  return { runs, leftOut: plan.leftOut };
}

/** Returns the newest run of each question on the data that the flags name, or on those of the newest run. */
async function storedRuns(flags: RunFlags, { results, observer, registry }: OperandContext): Promise<FoundRuns> {
  const manifests = newestOfEach(withoutShards((await soundRuns(results, observer.note)).map(({ facts }) => facts)));
  const named = flags.variants?.split(",") ?? ["all"];
  const wanted = manifests.filter(
    (run) => named.includes("all") || named.includes(run.variant.id) || named.includes(rowName(run)),
  );
  if (wanted.length === 0)
    throw new HarnessError(`${results}: no run to choose from`, {
      hint: "without --stored what is missing is measured",
    });
  const newest = [...wanted].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0]!;
  const fingerprint = isDataNamed(flags) ? await fingerprintOf(flags, registry) : newest.dataset.fingerprint;
  const runs = wanted.filter(({ dataset }) => dataset.fingerprint === fingerprint);
  if (runs.length === 0)
    throw new HarnessError(`${results}: no run on these data`, {
      found: [...new Set(wanted.map(({ dataset }) => `${dataset.id} (${dataset.images} images)`))].join(", "),
      hint: "without --stored what is missing is measured",
    });
  return { runs: await Promise.all(runs.map(({ id }) => readRun(results, id))), leftOut: [] };
}

function isDataNamed({ data, dataset, limit }: RunFlags): boolean {
  return data !== undefined || dataset !== undefined || limit !== undefined;
}

async function fingerprintOf(flags: RunFlags, registry: OperandContext["registry"]): Promise<string> {
  const { dataset = planOptions.dataset.default, data, limit, seed = planOptions.seed.default } = flags;
  return (await openDataset(registry, dataset, { data, limit, seed, cache: datasetCache() })).fingerprint;
}

/** Sorts out floors, runs that are not finished, and runs whose latencies were measured under other conditions. */
function rankable(runs: readonly StoredRun[]): {
  readonly ranked: readonly StoredRun[];
  readonly unranked: readonly Unranked[];
} {
  const models = runs.filter(({ manifest }) => manifest.variant.role !== "floor");
  const done = models.filter(({ manifest }) => manifest.status.state === "done");
  const newest = [...done].sort((a, b) => (a.manifest.createdAt < b.manifest.createdAt ? 1 : -1))[0];
  const conditions = newest && conditionsOf(newest.manifest);
  const ranked = done.filter(({ manifest }) => sameConditions(conditionsOf(manifest), conditions!));
  return {
    ranked,
    unranked: models
      .filter((run) => !ranked.includes(run))
      .map(({ manifest }) => {
        const { status, runtime, environment } = manifest;
        return {
          variant: rowName(manifest),
          reason:
            status.state === "done"
              ? `measured under other conditions: ${environment.cpu.model}, ${runtime.threads} threads, ${runtime.provider}`
              : `message` in status
                ? `${status.state}: ${status.message}`
                : "not finished",
        };
      }),
  };
}

/** Tells whether a run may have accuracy; one on photos without masks has no rows, and so no figure. */
function isScored({ weights, status }: Manifest): boolean {
  return weights.source !== "seeded" && !(status.state === "done" && status.only === "latency");
}

interface Reading {
  readonly headline: Headline | undefined;
  readonly beside: readonly string[];
  readonly book: ScoreBook;
  readonly plugins: readonly string[];
}

/** Reads a run once: its report has the table's figures, and its side has the rows that pairs are compared by. */
async function readMeasured(
  run: StoredRun,
  { headline, beside, book, plugins }: Reading,
): Promise<{ readonly report: RunReport; readonly side: Side }> {
  const { manifest } = run;
  const scored = headline !== undefined && isScored(manifest);
  const compared = headline?.metric.reads.includes("mask") === true ? "masks" : "figures";
  const needed = heldForAccuracy(manifest, { book, plugins });
  const prompts = new Set(headline === undefined ? [] : [headline.prompts]);
  const read = new Set([...prompts, ...beside]);
  const rows = await readRunRows(run, { hold: needed === "masks" ? needed : compared, prompts: read });
  const side: Side = {
    manifest: onlyPrompts(manifest, prompts),
    images: scored ? rows.images : [],
    failures: rows.failures,
    byPrompts: byPrompts(scored ? rows.rows.filter((row) => prompts.has(row.prompts)) : []),
    turns: await run.latency(),
  };
  return { report: await reportOfRows(run, rows, { book, plugins }), side };
}

function onlyPrompts(manifest: Manifest, prompts: ReadonlySet<string>): Manifest {
  const protocols = Object.entries(manifest.protocols).filter(([name]) => prompts.has(name));
  return { ...manifest, protocols: Object.fromEntries(protocols) };
}
