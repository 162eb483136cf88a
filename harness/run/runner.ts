import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import type { ImageId } from "../api.ts";
import { readInstallation } from "../build/installation.ts";
import { type PreparedRun, prepareRun } from "../build/preparedRun.ts";
import { HarnessError } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { untimed } from "../measure/timing.ts";
import { type DataPlaces, rememberPlaces } from "../plan/data/dataPlaces.ts";
import { type ChosenVariant, nameOfChosen } from "../plan/models/weights.ts";
import type { RunPlan } from "../plan/plan.ts";
import { bookOf } from "../plan/plugins/book.ts";
import { projectRoot } from "../plan/plugins/sources.ts";
import { programText } from "../process/external/hello.ts";
import { fallbackTexts } from "../results/fallbacks.ts";
import { readRunRows } from "../results/rows.ts";
import { noScores, scoresOf, scoresRecord } from "../results/scores/scores.ts";
import { isOfClock, withCreation } from "../store/creation.ts";
import { damageOf } from "../store/damage.ts";
import { renameRun } from "../store/rename.ts";
import type { Manifest } from "../store/schema.ts";
import { openRun, type Run, readRun, readRunIfThere } from "../store/store.ts";
import { failureText } from "../worker/workerProcess.ts";
import { AccuracyQueue } from "./accuracyQueue.ts";
import { dumpKeptTokens } from "./keptDump.ts";
import { type LookAt, measureLatency } from "./latency/latencyPhase.ts";
import { latencyWarnings } from "./latency/latencyWarnings.ts";
import { toldWhereLong } from "./longWork.ts";
import { lacksMachine, measureMachine } from "./machine/machinePhase.ts";
import { providerFindingsOf, providerWarnings } from "./providerCheck.ts";
import { type OpenedRun, type RunOutcome, type RunRequest, watcherOf } from "./request.ts";
import { staleImages } from "./staleImages.ts";

/**
 * Measures every variant of the plan that is not measured yet: accuracy first, then the latency of all by turns. Accuracy begins
 * while variants that learn from images are still calibrated. What is finished is on disk at every moment.
 */
export async function runPlan(request: RunRequest): Promise<RunOutcome> {
  const { plan, results, observer, signal, timing = untimed } = request;
  rememberPlaces(plan.dataset.fingerprint, placesOfPlan(plan));
  const prepared = new Map<ChosenVariant, PreparedRun>();
  const opened = new Map<ChosenVariant, OpenedRun>();
  const accuracy = new AccuracyQueue(request);
  try {
    for (const [place, group] of preparationOrder(request).entries()) {
      if (place > 0) accuracy.beginBesideOthers();
      for (const chosen of group) prepared.set(chosen, await prepareNoted(chosen, request));
      refuseSameRow([...prepared.values()]);
      const opening = await whatToOpen([...prepared.values()], request);
      for (const chosen of group) {
        const run = await timing.timed("open", () => openUnfinished(prepared.get(chosen)!, request, opening));
        if (run === undefined) {
          accuracy.leaveOut();
          continue;
        }
        opened.set(chosen, { prepared: prepared.get(chosen)!, run });
        accuracy.add(opened.get(chosen)!);
      }
    }
    const inOrder = <T>(all: ReadonlyMap<ChosenVariant, T>) => plan.chosen.flatMap((chosen) => all.get(chosen) ?? []);
    if (plan.dump === "tokens")
      for (const { variant, file, parts } of await dumpKeptTokens(inOrder(prepared), plan, results))
        observer.note(`${variant}: ${file}, from the left: ${parts.join(", ")}`);
    await accuracy.end();
    await measureRest(inOrder(opened), request, async (records, rounds) => {
      const runs = await Promise.all(inOrder(prepared).map(({ id }) => readRun(results, id)));
      const withRecords = runs.map((run) => ({ ...run, manifest: { ...run.manifest, ...records.get(run.id) } }));
      await request.interim?.show(withRecords, rounds);
    });
    for (const { run } of opened.values()) await run.close();
    const runs = await Promise.all(inOrder(prepared).map(({ id }) => readRun(results, id)));
    return { runs, stopped: signal.aborted };
  } catch (error) {
    await accuracy.stop();
    await markStopped([...opened.values()], error);
    for (const { run } of opened.values()) await run.close();
    throw error;
  }
}

/**
 * Returns groups of variants: first those that are ready in moments, then each that may have to be calibrated before. All are
 * one group where it takes all to know what is to be measured.
 */
function preparationOrder({
  plan: { chosen },
  latencies,
}: Pick<RunRequest, "plan" | "latencies">): readonly (readonly ChosenVariant[])[] {
  if (latencies === "together") return [chosen];
  const learns = ({ variant }: ChosenVariant) => variant.preset.calibration !== undefined;
  const quick = chosen.filter((each) => !learns(each));
  return [quick, ...chosen.filter(learns).map((each) => [each])];
}

async function prepareNoted(chosen: ChosenVariant, request: RunRequest): Promise<PreparedRun> {
  const { plan, asPassed, observer } = request;
  observer.note(firstNote(chosen));
  return prepareRun(plan, chosen, asPassed, watcherOf(nameOfChosen(chosen), request));
}

type Opening = "unfinished ones" | "all";

/** Tells which runs are opened: finished ones too where their latencies are measured again beside those of others. */
async function whatToOpen(prepared: readonly PreparedRun[], request: RunRequest): Promise<Opening> {
  if (request.latencies !== "together") return "unfinished ones";
  for (const { id } of prepared) if (!(await isDone(id, request))) return "all";
  return "unfinished ones";
}

/** Opens a run and marks it as running. Returns nothing where there is nothing to measure. */
async function openUnfinished(each: PreparedRun, request: RunRequest, opening: Opening): Promise<Run | undefined> {
  const { plan, results, observer } = request;
  const { name } = each.manifest.variant;
  if (name !== undefined) await renameRun(results, each.id, name);
  const again = await imagesAgain(results, each.id, plan);
  if (opening === "unfinished ones" && again.size === 0 && (await isDone(each.id, request))) {
    observer.note(`${each.row}: finished before, nothing to do (${each.id})`);
    return undefined;
  }
  await request.beforeWork?.();
  if (again.size > 0)
    observer.note(
      `${each.row}: ${counted(again.size)} to be run again: photo replaced, worker died, or a target that the data set does not have`,
    );
  const run = await openChecked(each, request, again);
  if (run?.resumed) observer.note(`${run.id}: goes on after ${counted(run.finishedImages().size)}`);
  await run?.update({ status: { state: "running" } });
  return run;
}

/** Throws HarnessError where two rows are one measurement: the same weights of the same variant under two names. */
function refuseSameRow(prepared: readonly PreparedRun[]): void {
  const rows = new Map<string, string>();
  for (const { id, row } of prepared) {
    const other = rows.get(id);
    if (other !== undefined)
      throw new HarnessError(`${other}, ${row}: the same weights under two names`, {
        found: `one run, ${id}`,
        hint: "leave one of the two out",
      });
    rows.set(id, row);
  }
}

function counted(count: number): string {
  return count === 1 ? "1 image" : `${count} images`;
}

function placesOfPlan({ datasetOptions: { data }, boxes }: RunPlan): DataPlaces {
  return { data, boxes };
}

/** Returns folders of this machine that messages name and a run must not store. */
function hiddenFolders(plan: RunPlan, results: string): readonly string[] {
  const { data, boxes } = placesOfPlan(plan);
  const given = [data, boxes === undefined ? undefined : dirname(boxes), results, homeFolder(), projectRoot, homedir()];
  return given.flatMap((each) => (each === undefined ? [] : [each, resolve(each)]));
}

/**
 * Opens the run and writes its provider's error into its record. The error depends on the machine and its driver, so a run that
 * goes on has it measured again. Returns nothing where the variant fails on the provider, or where its program has not said
 * what it is: the record then says so.
 */
async function openChecked(
  prepared: PreparedRun,
  { plan, results, observer, timing }: RunRequest,
  again: ReadonlySet<ImageId>,
): Promise<Run | undefined> {
  const { row } = prepared;
  const checking = () => observer.note(`${row}: its outputs are still being compared with the processor's`);
  const checked = prepared.unanswered ?? (await toldWhereLong(providerFindingsOf(prepared, plan, timing), checking));
  const run = await openRun(results, await withCreation(results, prepared.manifest), {
    notice: observer.note,
    again,
    hidden: hiddenFolders(plan, results),
  });
  if (checked === undefined) return run;
  if (checked instanceof HarnessError) {
    const message = failureText(checked);
    observer.note(`${row}: given up, ${message}`);
    await run.update({ status: { state: "failed", message } });
    await run.close();
    return undefined;
  }
  const { error, assignments, opening, page } = checked;
  await run.update({ runtime: { ...run.manifest.runtime, providerError: error, assignments, opening, page } });
  for (const { text } of providerWarnings(run.manifest.runtime)) observer.note(`${row}: ${text}`);
  for (const text of fallbackTexts(run.manifest.runtime)) observer.note(`${row}: ${text}`);
  return run;
}

/** Returns the first note about a variant: for ONNX files it says what they were taken as, for a program what it is. */
function firstNote(chosen: ChosenVariant): string {
  const { variant, weights, external, unanswered } = chosen;
  const { preset, files } = variant;
  const row = nameOfChosen(chosen);
  if (preset.role === "floor")
    return `${preset.id}: ${preset.title}, the floor of the table; --no-baseline leaves it out`;
  if (external !== undefined) return `${row}: another process answers, ${programText(external.description)}`;
  if (unanswered !== undefined) return `${row}: another process is to answer, and does not say what it is`;
  if (files === undefined) return `${row}: ${weights.source} weights, preparing its graphs`;
  return `${preset.id}: ${preset.notes[0] ?? preset.title}`;
}

/** Measures latency after accuracy, then what else is asked of the machine, and marks each run as done. */
async function measureRest(opened: readonly OpenedRun[], request: RunRequest, look: LookAt): Promise<void> {
  const { plan, signal, timing = untimed } = request;
  const live = living(opened);
  const timeable = plan.phases.includes("latency") ? live.filter(({ prepared }) => prepared.measuresLatency) : [];
  const lacking: OpenedRun[] = [];
  for (const each of timeable)
    if (
      timesAgain(each.run.manifest, request) ||
      lacksRounds(each.run.manifest, plan) ||
      !(await isTimed(each.run, plan.latency.rounds))
    )
      lacking.push(each);
  const toTime = request.latencies === "together" && lacking.length > 0 ? timeable : lacking;
  if (!signal.aborted && toTime.length > 0) await measureLatency(toTime, request, look);
  if (!signal.aborted) await measureMachine(living(opened), request);
  for (const each of living(opened))
    await each.run.update(
      signal.aborted ? stopped("stopped by Ctrl-C") : await timing.timed("scores", () => finished(each, plan)),
    );
}

function living(opened: readonly OpenedRun[]): readonly OpenedRun[] {
  return opened.filter(({ run }) => run.manifest.status.state !== "failed");
}

async function markStopped(opened: readonly OpenedRun[], error: unknown): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  // The disk may be what failed: then the rows are whole, and only this note is missing.
  for (const { run } of opened)
    if (run.manifest.status.state === "running") await run.update(stopped(message)).catch(() => undefined);
}

function stopped(message: string): Pick<Manifest, "status"> {
  return { status: { state: "stopped", message } };
}

async function finished(
  { run, prepared }: OpenedRun,
  plan: RunPlan,
): Promise<Pick<Manifest, "status" | "warnings" | "scores" | "scored">> {
  const scored = !prepared.measuresAccuracy || run.finishedImages().size === plan.images.length;
  const timed = !prepared.measuresLatency || (await isTimed(run, plan.latency.rounds));
  const half = scored ? "accuracy" : "latency";
  // Average precision of a shard says nothing about the whole: a merge computes it.
  const whole = scored && plan.shard === undefined;
  const scores = whole ? await scoresOf(run, { ...plan, book: bookOf(plan.registry) }) : noScores;
  const sealed = await run.sealed();
  return {
    ...scoresRecord(scores, sealed, readInstallation().sources),
    status: { state: "done", ...sealed, only: scored && timed ? undefined : half },
    warnings: [
      ...prepared.manifest.warnings,
      ...run.manifest.warnings.filter(isOfClock),
      ...providerWarnings(run.manifest.runtime),
      ...(await failureWarnings(run)),
      ...latencyWarnings(await run.latency(), {
        variant: run.manifest.variant.id,
        cpu: run.manifest.environment.cpu,
        cpus: run.manifest.runtime.cpus,
        multipliesInt8: prepared.multipliesInt8,
        starts: run.manifest.coldStart,
        settings: plan.latency,
        taken: run.manifest.rounds,
        maxMinutes: plan.maxMinutes,
      }),
    ],
  };
}

/** Tells whether the latency phase has ended: memory is written after the last turn, so a phase that was cut off has none. */
export async function isTimed(run: Run, rounds: number): Promise<boolean> {
  const { modelMemory, rounds: taken = rounds } = run.manifest;
  return modelMemory !== undefined && (await run.latency()).length === taken;
}

/** Tells whether a time limit left rounds of the plan out, and there is none any more. */
function lacksRounds({ rounds }: Manifest, { latency, maxMinutes }: RunPlan): boolean {
  return maxMinutes === undefined && rounds !== undefined && rounds < latency.rounds;
}

/**
 * Tells whether latencies that are here are measured again: where latency alone is asked for, and the last time was beside
 * other work, on a machine that slowed down, or one whose clock moved. Of photos without masks nothing else can be asked for, so nothing
 * is meant by it; nor of latencies that are about each other, which are looked at again and again.
 */
function timesAgain({ warnings }: Manifest, { plan, latencies }: Pick<RunRequest, "plan" | "latencies">): boolean {
  const { phases, registry, dataset } = plan;
  const unlabelled = registry.datasets.get(dataset.id)?.unlabelled === true;
  const alone = !unlabelled && phases.every((phase) => phase === "latency");
  const asks = ["quiet", "rest", "clock"];
  return alone && latencies !== "together" && warnings.some(({ ask }) => ask !== undefined && asks.includes(ask));
}

export async function failureWarnings(run: Run): Promise<Manifest["warnings"]> {
  const { failures } = await readRunRows(run, { hold: "nothing" });
  const [first] = failures;
  if (first === undefined) return [];
  const text = `${failures.size} of ${run.finishedImages().size} images failed and are in no figure (image ${first[0]}: ${first[1]}). Mend the photos and give the same command again, or leave them out with --image.`;
  return [{ about: "images", text, ask: "mend" }];
}

/** Returns finished images whose rows are of another photo or of a worker that died; none where only latency is asked for. */
async function imagesAgain(results: string, id: string, { dataset, phases }: RunPlan): Promise<ReadonlySet<ImageId>> {
  const stored = phases.includes("accuracy") ? await readRunIfThere(results, id) : undefined;
  if (stored === undefined || (await damageOf(stored.folder, stored.manifest)) !== undefined) return new Set();
  return staleImages(stored.folder, dataset);
}

/** Tells whether a run is done. The run is read, not opened: its folder may be read-only, or another user's. */
async function isDone(id: string, { results, plan, latencies }: RunRequest): Promise<boolean> {
  const { phases } = plan;
  const stored = await readRunIfThere(results, id);
  if (stored === undefined || (await damageOf(stored.folder, stored.manifest)) !== undefined) return false;
  if (timesAgain(stored.manifest, { plan, latencies })) return false;
  if (phases.includes("latency") && lacksRounds(stored.manifest, plan)) return false;
  if (lacksMachine(stored.manifest, plan)) return false;
  const { status } = stored.manifest;
  return status.state === "done" && (status.only === undefined || phases.every((phase) => phase === status.only));
}
