import { join } from "node:path";
import { type ProjectCommit, projectCommit } from "../build/commit.ts";
import { HarnessError } from "../errors.ts";
import { measurementOf, type PublishedFile, readPublished, writeIndex, writeRecord } from "../history/folder.ts";
import type { PublishedRecord } from "../history/record.ts";
import { recordOf } from "../history/recordOf.ts";
import { loadBook } from "../plan/plugins/book.ts";
import { readReports } from "../results/index/reports.ts";
import { chosenSoundRuns, readSound } from "../results/storedRuns.ts";
import { headings } from "./headings.ts";
import { type Arguments, type Command, type Console, line, listOf, note } from "./terminal/command.ts";
import { resultsOption, runChoice } from "./terminal/runChoice.ts";
import { type PublishedResult, publishedText } from "./text/history/published.ts";

/** The folder of published results, for the commands that write it and read it. */
export const publishedDefault = "published";

export const publish: Command = {
  ...headings.publish,
  options: {
    to: { describe: "folder that the results go to, one file each", type: "string", default: publishedDefault },
    commit: {
      describe: "the commit of your project that was measured; the one that is checked out here without it",
      type: "string",
    },
    index: { describe: "also list the folder's results in index.json, for a page that can not", type: "boolean" },
    results: resultsOption,
    plugin: { describe: "also know the protocols and metrics of this module", type: "string", list: true },
    json: { describe: "print one JSON object", type: "boolean" },
  },
  examples: [
    ["bench publish sam-nano-0a1b2c3d4e5f", "one run, as published/HASH.json, of the commit that is checked out"],
    ["bench publish results/sam-nano-* --to site/results --commit 4f2a91c", "several runs, of another commit"],
    ["bench publish --index --to site/results", "the list of a page's results anew, after a merge"],
  ],
  async run(args, console) {
    const folder = args.to as string;
    const published = listOf(args, "run").length === 0 ? [] : await publishRuns(folder, args, console);
    if (published.length === 0 && args.index !== true)
      throw new HarnessError("bench publish: no run is named", {
        hint: "bench list runs names them: bench publish RUN",
      });
    const indexed = args.index === true ? await writeIndex(folder, (text) => note(console, text)) : undefined;
    if (args.json) line(console, JSON.stringify({ published, indexed }));
    else if (published.length > 0) line(console, publishedText(published));
    if (indexed !== undefined)
      note(console, `${join(folder, "index.json")}: ${indexed} result${indexed === 1 ? "" : "s"}`);
    return 0;
  },
};

/** Publishes the runs that are named. All are made into results before the first is written. */
async function publishRuns(folder: string, args: Arguments, console: Console): Promise<readonly PublishedResult[]> {
  const sound = await chosenSoundRuns(runChoice(args), (text) => note(console, text));
  const commit = commitOf(args, console);
  const plugins = listOf(args, "plugin");
  const book = await loadBook(plugins);
  const reports = await readReports(sound, { book, plugins });
  const records: PublishedRecord[] = [];
  for (const [i, each] of sound.entries())
    records.push(await recordOf({ run: await readSound(each), report: reports[i]!, commit, book }));
  const known = await readPublished(folder, (text) => note(console, text));
  const byMeasurement = new Map(known.map((each) => [measurementOf(each.record), each]));
  const earlier = records.map((record) => byMeasurement.get(measurementOf(record)));
  for (const [i, record] of records.entries()) refuseOtherCommit(record, earlier[i], args);
  const published: PublishedResult[] = [];
  for (const [i, record] of records.entries()) {
    const before = earlier[i];
    const file = join(folder, before?.name ?? (await writeRecord(folder, record)));
    published.push({ file, record: before?.record ?? record, state: before === undefined ? "written" : "here before" });
  }
  return published;
}

/** Returns the commit that was measured. Throws HarnessError for a word that names none. */
function commitOf({ commit }: Arguments, console: Console): ProjectCommit | undefined {
  const found = projectCommit(process.cwd(), commit as string | undefined);
  if (found !== undefined) return found;
  if (commit === undefined) {
    note(console, "no git checkout here: published without a commit; --commit names one");
    return undefined;
  }
  const hash = String(commit).toLowerCase();
  if (/^[0-9a-f]{7,64}$/.test(hash)) return { hash };
  throw new HarnessError(`--commit ${commit}: names no commit`, {
    expected: "a name that git knows here, or at least 7 hexadecimal digits",
  });
}

/** A measurement is of one commit: under a second one it would count twice. */
function refuseOtherCommit(record: PublishedRecord, earlier: PublishedFile | undefined, { commit }: Arguments): void {
  const before = earlier?.record.commit?.hash;
  if (earlier === undefined || commit === undefined || before === record.commit?.hash) return;
  throw new HarnessError(`${record.run.id}: this measurement is published as one of another commit`, {
    found: `${earlier.name}, ${before ?? "without a commit"}`,
    hint: `measure again for this commit (bench run --results ANOTHER), or delete ${earlier.name} if its commit is wrong`,
  });
}
