import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { HarnessError, unknown } from "../errors.ts";
import { canonicalJson } from "../store/canonical.ts";
import { damageOf } from "../store/damage.ts";
import type { FileState } from "../store/disk/fileState.ts";
import { foldersIn, listIds, readListing } from "../store/manifest.ts";
import { processor, rowName } from "../store/rowName.ts";
import { factsOf, parseFacts, type RunFacts } from "../store/schema/runFacts.ts";
import { type RunState, runState } from "../store/schema/runState.ts";
import { isEarlier, type Manifest } from "../store/schema.ts";
import { readRun, type StoredRun } from "../store/store.ts";
import { indexKey } from "./index/indexKey.ts";
import { openIndex, type RunIndex } from "./index/runIndex.ts";

/** A run whose manifest can be read. */
export interface CheckedRun {
  readonly facts: RunFacts;
  /** Says where the run's files are not what the manifest says. */
  readonly damage?: string | undefined;
  /** State of the files when they were checked; absent where they can change at any time. */
  readonly state?: FileState | undefined;
}

/** A run whose files were what was recorded. */
export interface SoundRun extends Omit<CheckedRun, "damage"> {
  readonly folder: string;
}

/** Returns every run whose manifest can be read, oldest first, with its files checked; `notice` is told of the others. */
export async function checkedRuns(results: string, notice: (text: string) => void): Promise<readonly CheckedRun[]> {
  const index = await openIndex(results, { kind: "facts", key: await indexKey() });
  const checked: CheckedRun[] = [];
  for (const id of await foldersIn(results)) {
    const state = await runState(join(results, id));
    if (state.kind === "none") continue;
    const run = knownRun(id, state, index) ?? (await checkedRun(results, id, { state, index, notice }));
    if (run !== undefined) checked.push(run);
  }
  await index.save();
  const created = ({ facts }: CheckedRun) => facts.createdAt;
  return checked.sort((a, b) => (created(a) < created(b) ? -1 : created(a) > created(b) ? 1 : 0));
}

/** Returns what the index has of a run whose files are as they were. */
function knownRun(id: string, state: RunState, index: RunIndex): CheckedRun | undefined {
  const text = state.kind === "still" ? index.known(id, state) : undefined;
  const facts = text === undefined ? undefined : parseFacts(text);
  return facts === undefined || state.kind !== "still" ? undefined : { facts, state };
}

interface RunCheck {
  /** State of the run's files from before they are read. */
  readonly state: RunState;
  readonly index: RunIndex;
  readonly notice: (text: string) => void;
}

/** Reads and checks one run; what is sound goes into the index. Nothing, and a notice, where it can not be read. */
async function checkedRun(
  results: string,
  id: string,
  { state, index, notice }: RunCheck,
): Promise<CheckedRun | undefined> {
  const listing = await readListing(results, id);
  if (listing === undefined) return undefined;
  if (listing.state === "unreadable") {
    notice(`left out: ${listing.problem}`);
    return undefined;
  }
  const facts = factsOf(listing.manifest);
  const damage = await damageOf(join(results, id), listing.manifest);
  if (damage !== undefined || state.kind !== "still") return { facts, damage };
  return (await index.add(id, state, JSON.stringify(facts))) ? { facts, state } : { facts };
}

/** Returns every run that can be read and is what was recorded, oldest first; `notice` is told of the others. */
export async function soundRuns(results: string, notice: (text: string) => void): Promise<readonly SoundRun[]> {
  return (await checkedRuns(results, notice)).flatMap(({ facts, damage, state }) => {
    if (damage === undefined) return [{ folder: join(results, facts.id), facts, state }];
    notice(`left out, damaged: ${damage}; the same bench run does what is missing again`);
    return [];
  });
}

/** Returns the manifests of these runs. */
export async function readableRuns(results: string, notice: (text: string) => void): Promise<readonly Manifest[]> {
  const runs = await soundRuns(results, notice);
  return Promise.all(runs.map(async ({ facts }) => (await readRun(results, facts.id)).manifest));
}

/** Returns the run of this id. Throws HarnessError where there is none, or where it is not what was recorded. */
async function soundRun(results: string, id: string): Promise<SoundRun> {
  const folder = join(results, id);
  const state = await runState(folder);
  const { manifest } = await readRun(results, id);
  const damage = await damageOf(folder, manifest);
  if (damage === undefined)
    return { folder, facts: factsOf(manifest), state: state.kind === "still" ? state : undefined };
  throw new HarnessError(`${damage}: the run is damaged`, { hint: "the same bench run does what is missing again" });
}

/** Returns the run of this name, as `namedRuns` does. */
export async function findRun(name: string, results: string): Promise<StoredRun> {
  return readSound((await namedRuns(resolve(results), [name]))[0]!);
}

/**
 * Returns the runs of these names: ids, folders of runs, names before the hash, names of rows on a provider, or beginnings of ids,
 * where only one id is meant. Throws HarnessError with the nearest id.
 */
async function namedRuns(results: string, names: readonly string[]): Promise<readonly SoundRun[]> {
  const ids = await listIds(results);
  const folders: string[] = [];
  for (const name of names) folders.push(await folderOfRun(name, results, ids));
  return Promise.all([...new Set(folders)].map((folder) => soundRun(dirname(folder), basename(folder))));
}

async function folderOfRun(name: string, results: string, ids: readonly string[]): Promise<string> {
  if (ids.includes(name)) return join(resolve(results), name);
  if (existsSync(join(resolve(name), "manifest.json"))) return resolve(name);
  if (ids.length === 0) throw noRuns(results);
  const begun = ids.filter((id) => id.startsWith(name));
  // A whole name before the hash is meant where one run has it: "edge" is no beginning of edgesam's run.
  const whole = begun.filter((id) => /^-[0-9a-f]{12}$/.test(id.slice(name.length)));
  const called = whole.length > 1 || begun.length === 0 ? await rowsCalled(name, results, ids) : [];
  const [first, ...others] = called.length > 0 ? called : whole.length > 0 ? whole : begun;
  if (first === undefined) throw unknown("run", name, ids);
  if (others.length === 0) return join(resolve(results), first);
  throw new HarnessError(`run ${name}: several runs begin so`, { found: [first, ...others], expected: "one of them" });
}

/** Returns the ids of the runs whose rows are called so: those of one variant differ by the provider in their names. */
async function rowsCalled(name: string, results: string, ids: readonly string[]): Promise<readonly string[]> {
  const listings = await Promise.all(ids.map((id) => readListing(results, id)));
  return listings.flatMap((each) =>
    each?.state === "readable" && rowName(each.manifest) === name ? [each.manifest.id] : [],
  );
}

/** Leaves out shards: `bench merge` makes whole runs of them. */
export function withoutShards<T extends RunFacts>(runs: readonly T[]): readonly T[] {
  return runs.filter(({ shard }) => shard === undefined);
}

/** Leaves out runs of an earlier version whose question a run of this version answers: the two never stand side by side. */
export function withoutSuperseded<T extends RunFacts>(runs: readonly T[]): readonly T[] {
  if (!runs.some(isEarlier)) return runs;
  const answered = new Set(runs.filter((each) => !isEarlier(each)).map(questionOf));
  return runs.filter((each) => !isEarlier(each) || !answered.has(questionOf(each)));
}

function questionOf({ variant, runtime, weights, dataset, protocols }: RunFacts): string {
  const provider = variant.role === "floor" ? processor : runtime.provider;
  return canonicalJson({ variant: variant.id, provider, weights, data: dataset.fingerprint, protocols });
}

/**
 * Returns the newest finished run for each question (variant, provider, weights, data, protocols), or the newest unfinished one if
 * none is finished, in the order in which the questions were first asked.
 */
export function newestOfEach<T extends RunFacts>(runs: readonly T[]): readonly T[] {
  const newest = new Map<string, T>();
  for (const run of withoutSuperseded(runs)) {
    const key = questionOf(run);
    const other = newest.get(key);
    const kept = other?.status.state === "done" && run.status.state !== "done" ? other : run;
    newest.set(key, kept);
  }
  return [...newest.values()];
}

/** Returns the newest of these runs, at most so many, in the order in which they were given. */
export function newestRuns(runs: readonly SoundRun[], most: number): readonly SoundRun[] {
  const newest = runs.toSorted((a, b) => (a.facts.createdAt < b.facts.createdAt ? 1 : -1)).slice(0, most);
  return runs.filter((run) => newest.includes(run));
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
export async function chosenRuns(choice: RunChoice, notice: (text: string) => void): Promise<readonly StoredRun[]> {
  return Promise.all((await chosenSoundRuns(choice, notice)).map(readSound));
}

/** Returns the same runs as they are known from the index, without their manifests. */
export async function chosenSoundRuns(
  { results, names, dataset, all }: RunChoice,
  notice: (text: string) => void,
): Promise<readonly SoundRun[]> {
  if (names.length > 0) return onDataset(await namedRuns(results, names), dataset);
  const sound = await soundRuns(results, notice);
  if (sound.length === 0) throw noRuns(results);
  const runs = onDataset(sound, dataset);
  const facts = runs.map((each) => each.facts);
  const whole = withoutShards(facts);
  if (!all && whole.length === 0)
    throw new HarnessError(`${results}: only shards of runs here`, {
      hint: `bench merge ${results} --out DIR makes whole runs of them; --all shows them as they are`,
    });
  const byFacts = new Map(runs.map((each) => [each.facts, each]));
  return (all ? facts : newestOfEach(whole)).flatMap((each) => byFacts.get(each) ?? []);
}

/** Reads the manifest of a run, as it is by now. */
export function readSound({ folder }: SoundRun): Promise<StoredRun> {
  return readRun(dirname(folder), basename(folder));
}

/** Returns the runs on one data set, or all of them. Throws HarnessError where no run is on it. */
function onDataset(runs: readonly SoundRun[], dataset: string | undefined): readonly SoundRun[] {
  if (dataset === undefined) return runs;
  const kept = runs.filter(({ facts }) => facts.dataset.id === dataset);
  if (kept.length > 0) return kept;
  throw unknown("data set of a stored run", dataset, [...new Set(runs.map(({ facts }) => facts.dataset.id))]);
}

function noRuns(results: string): HarnessError {
  return new HarnessError(`${results}: no run here`, {
    hint: "bench run makes one; --results names the folder that runs are kept in",
  });
}
