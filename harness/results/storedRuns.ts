import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { HarnessError, unknown } from "../errors.ts";
import { canonicalJson } from "../store/canonical.ts";
import { damageOf } from "../store/damage.ts";
import { listRuns } from "../store/manifest.ts";
import { isEarlier, type Manifest } from "../store/schema.ts";
import { readRun, type StoredRun } from "../store/store.ts";

/** A run whose manifest can be read; `damage` says where its files are not what the manifest says. */
export interface CheckedRun {
  readonly manifest: Manifest;
  readonly damage?: string;
}

/** Returns every run whose manifest can be read, oldest first, with its files checked; `notice` is told of the others. */
export async function checkedRuns(results: string, notice: (text: string) => void): Promise<readonly CheckedRun[]> {
  const checked: CheckedRun[] = [];
  for (const listing of await listRuns(results))
    if (listing.state === "unreadable") notice(`left out: ${listing.problem}`);
    else {
      const damage = await damageOf(join(results, listing.id), listing.manifest);
      checked.push({ manifest: listing.manifest, damage });
    }
  const created = ({ manifest }: CheckedRun) => manifest.createdAt;
  return checked.sort((a, b) => (created(a) < created(b) ? -1 : created(a) > created(b) ? 1 : 0));
}

/** Returns every run that can be read and is what was recorded, oldest first; `notice` is told of the others. */
export async function readableRuns(results: string, notice: (text: string) => void): Promise<readonly Manifest[]> {
  return (await checkedRuns(results, notice)).flatMap(({ manifest, damage }) => {
    if (damage === undefined) return [manifest];
    notice(`left out, damaged: ${damage}; the same bench run does what is missing again`);
    return [];
  });
}

/** Returns the run of this id. Throws HarnessError where there is none, or where it is not what was recorded. */
async function soundRun(results: string, id: string): Promise<StoredRun> {
  const run = await readRun(results, id);
  const damage = await damageOf(run.folder, run.manifest);
  if (damage === undefined) return run;
  throw new HarnessError(`${damage}: the run is damaged`, { hint: "the same bench run does what is missing again" });
}

/** Returns the run of this id in the results folder, or the run that lies in this folder. Throws HarnessError as `soundRun` does. */
export function findRun(run: string, results: string): Promise<StoredRun> {
  const folder = resolve(run);
  const isFolder = !existsSync(join(resolve(results), run)) && existsSync(join(folder, "manifest.json"));
  return isFolder ? soundRun(dirname(folder), basename(folder)) : soundRun(resolve(results), run);
}

/**
 * Returns the runs of these ids. The beginning of an id is enough where only one id begins so. Throws HarnessError with the
 * nearest id.
 */
export async function namedRuns(results: string, names: readonly string[]): Promise<readonly StoredRun[]> {
  const ids = (await listRuns(results)).map(({ id }) => id);
  if (ids.length === 0) throw noRuns(results);
  const found = names.map((name) => {
    if (ids.includes(name)) return name;
    const beginning = ids.filter((id) => id.startsWith(name));
    if (beginning.length === 1) return beginning[0]!;
    if (beginning.length === 0) throw unknown("run", name, ids);
    throw new HarnessError(`run ${name}: several runs begin so`, { found: beginning, expected: "one of them" });
  });
  return Promise.all([...new Set(found)].map((id) => soundRun(results, id)));
}

/** Leaves out shards: `bench merge` makes whole runs of them. */
export function withoutShards(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests.filter(({ shard }) => shard === undefined);
}

/** Leaves out runs of an earlier version whose question a run of this version answers: the two never stand side by side. */
export function withoutSuperseded(manifests: readonly Manifest[]): readonly Manifest[] {
  const answered = new Set(manifests.filter((each) => !isEarlier(each)).map(questionOf));
  return manifests.filter((each) => !isEarlier(each) || !answered.has(questionOf(each)));
}

function questionOf({ variant, weights, dataset, protocols }: Manifest): string {
  return canonicalJson({ variant: variant.id, weights, data: dataset.fingerprint, protocols });
}

/**
 * Returns the newest finished run for each question (variant, weights, data, protocols), or the newest unfinished one if
 * none is finished, in the order in which the questions were first asked.
 */
export function newestOfEach(manifests: readonly Manifest[]): readonly Manifest[] {
  const newest = new Map<string, Manifest>();
  for (const manifest of withoutSuperseded(manifests)) {
    const key = questionOf(manifest);
    const other = newest.get(key);
    const kept = other?.status.state === "done" && manifest.status.state !== "done" ? other : manifest;
    newest.set(key, kept);
  }
  return [...newest.values()];
}

export interface RunChoice {
  /** Folder of the stored runs. */
  readonly results: string;
  /** Ids, or beginnings of ids. */
  readonly names: readonly string[];
  /** Says what is meant where no run is named: every run, shards too, in place of the newest of each question. */
  readonly all: boolean;
}

/** Returns the runs that the choice names; `notice` is told of what can not be read. Throws HarnessError where there is none. */
export async function chosenRuns(
  { results, names, all }: RunChoice,
  notice: (text: string) => void,
): Promise<readonly StoredRun[]> {
  if (names.length > 0) return namedRuns(results, names);
  const manifests = await readableRuns(results, notice);
  if (manifests.length === 0) throw noRuns(results);
  const whole = withoutShards(manifests);
  if (!all && whole.length === 0)
    throw new HarnessError(`${results}: only shards of runs here`, {
      hint: `bench merge ${results} --out DIR makes whole runs of them; --all shows them as they are`,
    });
  const kept = all ? manifests : newestOfEach(whole);
  return Promise.all(kept.map(({ id }) => readRun(results, id)));
}

function noRuns(results: string): HarnessError {
  return new HarnessError(`${results}: no run here`, {
    hint: "bench run makes one; --results names the folder that runs are kept in",
  });
}
