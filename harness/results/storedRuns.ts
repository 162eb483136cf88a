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

/** Returns the run of this name, as `namedRuns` does. */
export async function findRun(name: string, results: string): Promise<StoredRun> {
  return (await namedRuns(resolve(results), [name]))[0]!;
}

/**
 * Returns the runs of these names: ids, folders of runs, or beginnings of ids where only one id begins so. Throws HarnessError
 * with the nearest id.
 */
export async function namedRuns(results: string, names: readonly string[]): Promise<readonly StoredRun[]> {
  const ids = (await listRuns(results)).map(({ id }) => id);
  const folders = names.map((name) => folderOfRun(name, results, ids));
  return Promise.all([...new Set(folders)].map((folder) => soundRun(dirname(folder), basename(folder))));
}

function folderOfRun(name: string, results: string, ids: readonly string[]): string {
  if (ids.includes(name)) return join(resolve(results), name);
  if (existsSync(join(resolve(name), "manifest.json"))) return resolve(name);
  if (ids.length === 0) throw noRuns(results);
  const [first, ...others] = ids.filter((id) => id.startsWith(name));
  if (first === undefined) throw unknown("run", name, ids);
  if (others.length === 0) return join(resolve(results), first);
  throw new HarnessError(`run ${name}: several runs begin so`, { found: [first, ...others], expected: "one of them" });
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
  /** Ids, beginnings of ids, or folders of runs. */
  readonly names: readonly string[];
  /** Id of the data set whose runs alone are meant. */
  readonly dataset?: string | undefined;
  /** Says what is meant where no run is named: every run, shards too, in place of the newest of each question. */
  readonly all: boolean;
}

/** Returns the runs that the choice names; `notice` is told of what can not be read. Throws HarnessError where there is none. */
export async function chosenRuns(
  { results, names, dataset, all }: RunChoice,
  notice: (text: string) => void,
): Promise<readonly StoredRun[]> {
  if (names.length > 0) {
    const named = await namedRuns(results, names);
    const kept = new Set(
      onDataset(
        named.map(({ manifest }) => manifest),
        dataset,
      ),
    );
    return named.filter(({ manifest }) => kept.has(manifest));
  }
  const readable = await readableRuns(results, notice);
  if (readable.length === 0) throw noRuns(results);
  const manifests = onDataset(readable, dataset);
  const whole = withoutShards(manifests);
  if (!all && whole.length === 0)
    throw new HarnessError(`${results}: only shards of runs here`, {
      hint: `bench merge ${results} --out DIR makes whole runs of them; --all shows them as they are`,
    });
  const kept = all ? manifests : newestOfEach(whole);
  return Promise.all(kept.map(({ id }) => readRun(results, id)));
}

/** Returns the runs on one data set, or all of them. Throws HarnessError where no run is on it. */
function onDataset(manifests: readonly Manifest[], dataset: string | undefined): readonly Manifest[] {
  if (dataset === undefined) return manifests;
  const kept = manifests.filter((each) => each.dataset.id === dataset);
  if (kept.length > 0) return kept;
  throw unknown("data set of a stored run", dataset, [...new Set(manifests.map((each) => each.dataset.id))]);
}

function noRuns(results: string): HarnessError {
  return new HarnessError(`${results}: no run here`, {
    hint: "bench run makes one; --results names the folder that runs are kept in",
  });
}
