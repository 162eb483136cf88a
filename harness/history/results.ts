import { HarnessError } from "../errors.ts";
import type { ScoreBook } from "../protocols/index.ts";
import { readReports } from "../results/index/reports.ts";
import { readSound, type SoundRun, soundRuns } from "../results/storedRuns.ts";
import { canonicalJson } from "../store/canonical.ts";
import { type NamedRun, rowName } from "../store/rowName.ts";
import { measurementOf, type PublishedFile, readPublished } from "./folder.ts";
import type { PublishedRecord } from "./record.ts";
import { recordOf } from "./recordOf.ts";

/** A result of the history: it was published, or its run is stored here, or both. */
export interface HistoryResult {
  readonly record: PublishedRecord;
  /** Name of the published file; absent for a run that was not published. */
  readonly file?: string | undefined;
  /** The run with its rows, where it is stored here. */
  readonly stored?: SoundRun | undefined;
}

export interface ResultPlaces {
  /** Folder of published results. */
  readonly published: string;
  /** Folder of stored runs. */
  readonly results: string;
  /** Name of a row, or a variant's id, where only its results are meant. */
  readonly variant?: string | undefined;
  readonly book: ScoreBook;
  readonly plugins: readonly string[];
}

/**
 * Returns the results of both folders, oldest first: by the date of the commit, and by when the run began where there is none. A
 * measurement counts once. `notice` is told of what is left out.
 */
export async function historyResults(
  places: ResultPlaces,
  notice: (text: string) => void,
): Promise<readonly HistoryResult[]> {
  const isMeant = (run: NamedRun) =>
    places.variant === undefined || [run.variant.id, rowName(run)].includes(places.variant);
  const published = (await readPublished(places.published, notice)).filter(({ record }) => isMeant(record));
  const stored = (await soundRuns(places.results, notice)).filter(({ facts }) => isMeant(facts));
  const local = await localResults(stored, places, notice);
  const own = new Map(local.map((each) => [measurementOf(each.record), each]));
  const agreeing = published.filter((each) => agrees(each, own.get(measurementOf(each.record)), notice));
  const known = onceEach(agreeing.toSorted(byDate), notice);
  const joined = known.map(({ record, name }): HistoryResult => {
    return { record, file: name, stored: own.get(measurementOf(record))?.stored };
  });
  const measured = new Set(known.map(({ record }) => measurementOf(record)));
  const alone = local.filter(({ record }) => !measured.has(measurementOf(record)));
  return [...joined, ...alone].sort(byDate);
}

/** Makes a record of each run that could be published; others are no results yet, and are passed over. */
async function localResults(
  runs: readonly SoundRun[],
  { book, plugins }: ResultPlaces,
  notice: (text: string) => void,
): Promise<readonly HistoryResult[]> {
  const whole = runs.filter(({ facts }) => facts.status.state === "done" && facts.shard === undefined);
  const reports = await readReports(whole, { book, plugins });
  const found: HistoryResult[] = [];
  for (const [i, stored] of whole.entries()) {
    try {
      const run = await readSound(stored);
      found.push({ record: await recordOf({ run, report: reports[i]!, commit: undefined, book }), stored });
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      notice(`left out: ${error.message}`);
    }
  }
  return found;
}

/** Tells whether a published result has the figures that its run has here, as far as the same code computed both. */
function agrees(
  { name, record }: PublishedFile,
  stored: HistoryResult | undefined,
  notice: (text: string) => void,
): boolean {
  const own = stored?.record;
  if (own === undefined) return true;
  const differing = Object.entries(record.prompts).find(([prompts, { rows, metrics, figures }]) => {
    const here = own.prompts[prompts];
    if (here === undefined || here.rows !== rows || canonicalJson(here.metrics) !== canonicalJson(metrics))
      return false;
    return canonicalJson(here.figures) !== canonicalJson(figures);
  });
  const isSame = differing === undefined && canonicalJson(own.latency) === canonicalJson(record.latency);
  if (!isSame)
    notice(
      `left out: ${name} has other figures of ${differing?.[0] ?? "latency"} than its run ${own.run.id}, which is here`,
    );
  return isSame;
}

/** Leaves out what was published a second time of one measurement, for another commit or by another version. */
function onceEach(files: readonly PublishedFile[], notice: (text: string) => void): readonly PublishedFile[] {
  const kept = new Map<string, PublishedFile>();
  for (const each of files) {
    const measurement = measurementOf(each.record);
    const first = kept.get(measurement);
    if (first === undefined) kept.set(measurement, each);
    else notice(`left out: ${each.name} is of the same measurement as ${first.name}, and counts once`);
  }
  return [...kept.values()];
}

/** Returns when the commit was made; for a result without its date, when the run began. */
export function dateOf({ commit, run }: PublishedRecord): string {
  return commit?.date ?? run.createdAt;
}

function byDate(a: { readonly record: PublishedRecord }, b: { readonly record: PublishedRecord }): number {
  const keys = [a, b].map(({ record }) => `${Date.parse(dateOf(record))}`.padStart(16, "0") + record.run.createdAt);
  return keys[0]! < keys[1]! ? -1 : keys[0]! > keys[1]! ? 1 : 0;
}
