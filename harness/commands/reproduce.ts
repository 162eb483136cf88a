import { resolve } from "node:path";
import { HarnessError, Stopped, unknown } from "../errors.ts";
import { needsOf } from "../estimate/needs.ts";
import { measureSpeeds } from "../estimate/speeds.ts";
import { type RunPlan, resolvePlan } from "../plan/plan.ts";
import { bookOf } from "../plan/plugins/book.ts";
import { loadRegistry, type Registry } from "../plan/plugins/registry.ts";
import type { PaperTable } from "../report/papers/paper.ts";
import { publishedTables } from "../report/papers/published.ts";
import { type ClosedCell, cellsOf, judge, type OpenCell, setsOf } from "../reproduce/cells.ts";
import { type Expectation, expectations, readExpectation } from "../reproduce/expectation.ts";
import { type NeededRun, neededRuns } from "../reproduce/runs.ts";
import { readReports } from "../results/index/reports.ts";
import { soundRuns, withoutShards, withoutSuperseded } from "../results/storedRuns.ts";
import { runPlan } from "../run/runner.ts";
import { headings } from "./headings.ts";
import { type Arguments, type Command, type Console, line, listOf, note } from "./terminal/command.ts";
import { exitCodes } from "./terminal/exitCodes.ts";
import { interruptible } from "./terminal/interrupt.ts";
import { observe } from "./terminal/observe.ts";
import { resultsOption } from "./terminal/runChoice.ts";
import { bringWeights } from "./terminal/weightsBrought.ts";
import { needsText, type PlannedRun, recipesText, reproductionJson, reproductionText } from "./text/reproduction.ts";

export const reproduce: Command = {
  ...headings.reproduce,
  options: {
    rows: { describe: "only rows with these words in system, setting or variant", type: "string", list: true },
    cells: { describe: "only these columns, by id", type: "string", list: true },
    data: { describe: "folder with the table's photos and annotations", type: "string" },
    boxes: { describe: "results file of the detector whose boxes the table has", type: "string" },
    detector: { describe: "its name, where the table depends on it", type: "string" },
    checkpoint: { describe: "VARIANT=FILE, where bench pull did not bring it", type: "string", list: true },
    limit: { describe: "the first so many images: verdicts on a part", type: "number" },
    shard: { describe: "a part of the images, i/n, for bench merge; nothing is judged", type: "string" },
    expectation: { describe: "a recipe of your own: a file as results/expectations has them", type: "string" },
    stored: { describe: "judge the stored runs and measure nothing", type: "boolean" },
    "dry-run": { describe: "say what it needs, what is here and how long it takes, and stop", type: "boolean" },
    pull: { describe: "--no-pull brings no checkpoint that is missing", type: "boolean", default: true },
    results: resultsOption,
    plugin: { describe: "also know what this module brings", type: "string", list: true },
    json: { describe: "print one JSON object", type: "boolean" },
  },
  unused: [
    { when: "stored runs are judged", holds: ({ stored }) => stored === true, options: ["limit", "shard", "dry-run"] },
  ],
  examples: [
    ["bench reproduce own-photos", "five small models on the 26 photos: anyone can run it"],
    ["bench reproduce evitsam-expected --data COCO", "EfficientViT-SAM's table, cell by cell"],
    ["bench reproduce evitsam-expected --data COCO --limit 500", "a verdict on the first 500 images"],
    ["bench reproduce sam-t5-coco --dry-run", "what it needs, and what is here"],
    ["bench reproduce", "the tables that have a recipe"],
  ],
  async run(args, console) {
    if (args.table === undefined) return listRecipes(args, console);
    const registry = await loadRegistry(listOf(args, "plugin"));
    const { table, expectation } = await tableOf(args);
    const open = cellsOf(table, expectation, knownHere(registry), {
      rows: listOf(args, "rows"),
      columns: columnsOf(args, table),
    });
    if (open.length === 0)
      throw new HarnessError(`${table.id}: no cell of it is named`, { hint: "leave out --rows and --cells" });
    const notRun =
      args.stored === true ? new Map<string, string>() : await measure(open, { args, console, registry, expectation });
    if (notRun === "nothing more") return exitCodes.done.code;
    const reports = await reportsFor(open, { args, console, registry });
    const detector = args.detector as string | undefined;
    const cells = judge(open, { expectation, reports, notRun, detector });
    line(console, args.json ? JSON.stringify(reproductionJson(table, cells)) : reproductionText(table, cells));
    const kinds = new Set(cells.flatMap(({ verdict }) => verdict?.kind ?? []));
    if (kinds.has("differs")) return exitCodes.no.code;
    return kinds.has("reproduced") || kinds.has("reproduced so far") ? exitCodes.done.code : exitCodes.failed.code;
  },
};

/** Lists the tables that have a recipe. */
async function listRecipes(args: Arguments, console: Console): Promise<number> {
  const published = new Map((await publishedTables()).map((each) => [each.table.id, each]));
  const known = [...expectations()].map(([id, expectation]) => {
    const title = expectation.table?.table ?? `${published.get(id)?.paper.paper}, ${published.get(id)?.table.table}`;
    return { id, title, source: expectation.source };
  });
  line(console, args.json ? JSON.stringify(known) : recipesText(known));
  return exitCodes.done.code;
}

interface Reproduced {
  readonly table: PaperTable;
  /** Absent where nobody wrote down how the table is made. */
  readonly expectation: Expectation | undefined;
}

/** Returns the table that is asked for, with its recipe. Throws HarnessError for a table that nobody knows. */
async function tableOf(args: Arguments): Promise<Reproduced> {
  const id = args.table as string;
  const own = args.expectation as string | undefined;
  const known = expectations();
  const expectation = own === undefined ? known.get(id) : readExpectation(own);
  const published = await publishedTables();
  const table = expectation?.table ?? published.find((each) => each.table.id === (expectation?.published ?? id))?.table;
  if (table?.id !== undefined && table.id !== id)
    throw new HarnessError(`${own}: is a recipe of another table`, { found: table.id, expected: id });
  if (table !== undefined) return { table, expectation };
  throw unknown(
    "table",
    id,
    [...new Set([...known.keys(), ...published.map((each) => each.table.id)])],
    "bench list papers names the published tables, bench reproduce those with a recipe",
  );
}

function columnsOf(args: Arguments, { columns }: PaperTable): readonly string[] {
  const named = listOf(args, "cells");
  const known = columns.map(({ id }) => id);
  for (const each of named) if (!known.includes(each)) throw unknown("column", each, known);
  return named;
}

/** Says which variants and protocols are here. Weights are to be had where they are published or come with the project. */
function knownHere(registry: Registry) {
  const variants = new Map(
    [...registry.variants].map(([id, { preset }]) => {
      const base = preset.base === undefined ? preset : (registry.variants.get(preset.base)?.preset ?? preset);
      return [id, { released: base.published !== undefined || base.nanoWeights !== undefined }];
    }),
  );
  return { variants, protocols: new Set(bookOf(registry).protocols.map(({ id }) => id)) };
}

interface MeasureContext {
  readonly args: Arguments;
  readonly console: Console;
  readonly registry: Registry;
  readonly expectation: Expectation | undefined;
}

/**
 * Runs what the open cells need and is not stored yet. Returns why variants were not run, by variant; "nothing more" where
 * needs alone were asked for, or a shard.
 */
async function measure(
  cells: readonly (OpenCell | ClosedCell)[],
  context: MeasureContext,
): Promise<ReadonlyMap<string, string> | "nothing more"> {
  const { args, console, registry, expectation } = context;
  const open = cells.filter((cell): cell is OpenCell => "recipe" in cell);
  const runs = neededRuns(open, {
    sets: setsOf(expectation),
    boxed: new Set(bookOf(registry).protocols.flatMap(({ id, prompted }) => (prompted === "detections" ? [id] : []))),
    ownData: new Set([...registry.datasets.values()].flatMap(({ id, own }) => (own === undefined ? [] : [id]))),
    data: args.data as string | undefined,
    boxes: args.boxes as string | undefined,
    limit: args.limit as number | undefined,
    shard: args.shard as string | undefined,
    checkpoint: listOf(args, "checkpoint"),
    plugin: listOf(args, "plugin"),
  });
  const dry = args["dry-run"] === true;
  if (!dry && args.pull !== false)
    await bringWeights(
      runs.flatMap(({ variants }) => variants),
      { registry, console },
    );
  const notRun = new Map<string, string>();
  const planned = await planAll(runs, notRun);
  for (const text of needsText(runs, planned, notRun)) note(console, text);
  if (dry) return "nothing more";
  const observer = observe(console);
  const stopped = await interruptible(observer, async (signal) => {
    for (const { plan } of planned) {
      const results = resolve(args.results as string);
      const outcome = await runPlan({ plan, results, asPassed: process.argv.slice(2), observer, signal });
      if (outcome.stopped) return true;
    }
    return false;
  });
  if (stopped) throw new Stopped("stopped before the end", { hint: "the same command goes on from here" });
  if (args.shard === undefined || planned.length === 0) return notRun;
  note(console, "this shard is done; bench merge joins all of them, and bench reproduce --stored judges the run");
  return "nothing more";
}

/** Makes a plan of each run, variant by variant where one stands in the others' way, and records what keeps a variant out. */
async function planAll(runs: readonly NeededRun[], notRun: Map<string, string>): Promise<readonly PlannedRun[]> {
  const planned: PlannedRun[] = [];
  for (const run of runs) {
    const able: string[] = [];
    for (const variant of run.variants) {
      const reason = await planOf({ ...run.flags, variants: variant }).catch(reasonOf);
      if (typeof reason === "string") notRun.set(variant, reason);
      else able.push(variant);
    }
    if (able.length === 0) continue;
    const plan = await planOf({ ...run.flags, variants: able.join() });
    const needs = await needsOf(plan, await measureSpeeds(plan)).catch((error: unknown) => {
      if (error instanceof HarnessError) return undefined;
      throw error;
    });
    planned.push({ run: { ...run, variants: able }, plan, needs });
  }
  return planned;
}

function planOf(flags: NeededRun["flags"]): Promise<RunPlan> {
  return resolvePlan(flags, () => undefined);
}

function reasonOf(error: unknown): string {
  if (error instanceof HarnessError) return [error.message, error.hint].filter(Boolean).join("; ");
  throw error;
}

/** Reads the stored runs of the variants that the cells name. */
async function reportsFor(
  cells: readonly (OpenCell | ClosedCell)[],
  { args, console, registry }: Pick<MeasureContext, "args" | "console" | "registry">,
) {
  const wanted = new Set(cells.flatMap(({ variant }) => variant ?? []));
  const runs = await soundRuns(resolve(args.results as string), (text) => note(console, text));
  const answering = new Set(withoutSuperseded(withoutShards(runs.map(({ facts }) => facts))));
  return readReports(
    runs.filter(({ facts }) => answering.has(facts) && wanted.has(facts.variant.id)),
    { book: bookOf(registry), plugins: listOf(args, "plugin") },
  );
}
