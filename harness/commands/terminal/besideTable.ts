import { resolve } from "node:path";
import { HarnessError } from "../../errors.ts";
import { bookOf } from "../../plan/plugins/book.ts";
import { loadRegistry } from "../../plan/plugins/registry.ts";
import { judgementOf, type ScoreBook } from "../../protocols/index.ts";
import { besideGrid } from "../../report/beside/grid.ts";
import { besideJson, besideRecords } from "../../report/beside/records.ts";
import { besideTable, type Respect } from "../../report/beside/rows.ts";
import { exportTable, type TableFormat } from "../../report/table/formats/export.ts";
import { precisionRuns } from "../../results/beside/precisions.ts";
import { runtimeRuns } from "../../results/beside/runtimes.ts";
import { readReports } from "../../results/index/reports.ts";
import { protocolOfRun } from "../../results/knownProtocol.ts";
import { chosenSoundRuns, readSound, type SoundRun } from "../../results/storedRuns.ts";
import { compareOperands } from "../../run/sides/compare.ts";
import { type Arguments, type Console, listOf, note, widthOf } from "./command.ts";
import { deliver } from "./deliver.ts";
import { interruptible } from "./interrupt.ts";
import { observe } from "./observe.ts";
import { runChoice } from "./runChoice.ts";

const runsOf = { precisions: precisionRuns, runtimes: runtimeRuns } as const;

/**
 * Prints what `bench table --precisions MODEL` and `--runtimes MODEL` show: the stored runs of one checkpoint in all its precisions, or
 * by all its runtimes, each judged against the float one, or that on the processor, as `bench compare` judges them. No model is run.
 */
export async function printBeside(respect: Respect, args: Arguments, console: Console): Promise<number> {
  refuseRuns(respect, args);
  const plugins = listOf(args, "plugin");
  const registry = await loadRegistry(plugins);
  const book = bookOf(registry);
  const model = args[respect] as string;
  const runs = await chosenSoundRuns(runChoice(args), (text) => note(console, text));
  const finished = runs.filter(({ facts }) => facts.status.state === "done");
  const { first, others, missing } = runsOf[respect](finished, model, registry);
  const all = [first, ...others];
  const observer = observe(console);
  return interruptible(observer, async (signal) => {
    const reports = await readReports(all, { book, plugins });
    const request = { names: all.map(({ folder }) => folder), metrics: await headlineMetrics(first, book), seed: 0 };
    const context = { results: resolve(args.results as string), registry, plugins, flags: {}, observer, signal };
    const comparisons = others.length === 0 ? [] : (await compareOperands(request, context)).comparisons;
    observer.finish();
    const table = besideTable({ respect, model, missing }, reports, comparisons);
    const format = (args.format as TableFormat | undefined) ?? (args.json ? "json" : "text");
    const exported = {
      grid: besideGrid(table, args.notes === true ? "all" : "first"),
      records: besideRecords(table),
      json: besideJson(table),
    };
    await deliver(await exportTable(exported, format, widthOf(console)), args, console);
    return 0;
  });
}

/** Returns the metrics that verdicts rest on. All others of a comparison would be computed and not shown. */
async function headlineMetrics(run: SoundRun, book: ScoreBook): Promise<readonly string[]> {
  const { manifest } = await readSound(run);
  const headlines = Object.values(manifest.protocols).map(
    (id) => judgementOf(protocolOfRun(manifest, id, book)).headline,
  );
  return book.metrics.filter(({ columns }) => columns.some(({ id }) => headlines.includes(id))).map(({ id }) => id);
}

function refuseRuns(respect: Respect, args: Arguments): void {
  const named = listOf(args, "run");
  if (named.length > 0)
    throw new HarnessError(`--${respect}: finds the runs of a checkpoint by itself`, {
      found: named.join(" "),
      hint: `leave the run ids out, or --${respect}`,
    });
}
