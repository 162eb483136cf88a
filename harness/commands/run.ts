import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { expectedRun } from "../estimate/expectation.ts";
import { minutesFromNow } from "../measure/timeLimit.ts";
import { TimeRecorder, type TimeTable, untimed } from "../measure/timing.ts";
import { planOptions } from "../plan/options.ts";
import { type RunPlan, resolvePlan } from "../plan/plan.ts";
import { bookOf } from "../plan/plugins/book.ts";
import { refuseUnusedFiles } from "../plan/unusedFlags.ts";
import { resultJson, resultTable } from "../report/table/tables.ts";
import { type RunReport, reportOf } from "../results/report.ts";
import type { InterimResults, RunOutcome } from "../run/request.ts";
import { runPlan } from "../run/runner.ts";
import { planId } from "../store/canonical.ts";
import type { StoredRun } from "../store/store.ts";
import { headings } from "./headings.ts";
import { type Arguments, type Command, type Console, line, listOf, note } from "./terminal/command.ts";
import { exitCodes } from "./terminal/exitCodes.ts";
import { isTerminal, underWay } from "./terminal/interimTable.ts";
import { interruptible } from "./terminal/interrupt.ts";
import { observe } from "./terminal/observe.ts";
import { latencyUnused, planUnused, runFlagsOf, settingOptions } from "./terminal/planFlags.ts";
import { resultsOption } from "./terminal/runChoice.ts";
import { lookOf, printable, tableChoice, tableOptions, tableUnused } from "./terminal/tableOptions.ts";
import { nextOfPlan, reportCommand } from "./text/nextSteps.ts";
import { timingText } from "./text/timing.ts";

const defaults = {
  /** A table is shown on a terminal each time that so many more rounds of latency are complete. */
  interimRounds: 5,
};

export const run: Command = {
  ...headings.run,
  options: {
    ...planOptions,
    dump: { describe: "tokens: a PNG of what the encoder kept of each --image", type: "string", choices: ["tokens"] },
    results: resultsOption,
    json: { describe: "print one JSON object instead of the table", type: "boolean" },
    timing: {
      describe: "also print where the time went, to standard error; with --json as its field timing",
      type: "boolean",
    },
    ...tableOptions,
  },
  moreOptions: settingOptions,
  unused: [...planUnused, latencyUnused, ...tableUnused],
  examples: [
    ["bench run --variants all", "everything whose weights are here, on the 26 photos"],
    [
      "bench run --variants sam-vit-b --checkpoint sam-vit-b=sam_vit_b_01ec64.pth --dataset coco --data COCO",
      "a checkpoint on COCO",
    ],
    [
      "bench run --variants all --dataset coco --data COCO --shard 1/8 --results shards/1",
      "an eighth, for bench merge",
    ],
    [
      "bench run --variants sam-nano --cpus 0-3 --cold-start --wide",
      "on four processors, with the times of first starts",
    ],
    ["bench run --variants sam-nano --runtime node,web", "beside it, in a page of a browser"],
    ["bench run --variants all --weights seeded --limit 3", "latency and memory at full size, without checkpoints"],
  ],
  async run(args, console) {
    const recorder = args.timing ? new TimeRecorder() : undefined;
    recorder?.begun("program");
    const dump = args.dump as "tokens" | undefined;
    const observer = observe(console);
    const timing = recorder ?? untimed;
    const { flags, plan } = await timing.timed("plan", async () => {
      const given = await runFlagsOf(args);
      return { flags: given, plan: await resolvePlan({ ...given, dump }, observer.note) };
    });
    const leftMs = minutesFromNow(plan.maxMinutes ?? Number.POSITIVE_INFINITY);
    refuseUnusedFiles(plan, flags);
    return interruptible(observer, async (signal) => {
      const results = resolve(args.results as string);
      const asPassed = process.argv.slice(2);
      const interim = args.json || !isTerminal(console) ? undefined : interimOf({ plan, args, console }, observer);
      const { beforeWork, timeLimit } = expectedRun({
        plan,
        tell: observer.note,
        leftMs,
        stored: (await hasRunsOf(results, plan)) ? "begun" : "nothing",
      });
      const outcome = await runPlan({
        plan,
        results,
        asPassed,
        observer,
        signal,
        interim,
        timing,
        timeLimit,
        beforeWork,
      });
      const reports = await timing.timed("table", () => reportsOf(outcome.runs, plan, args));
      // Not before the last table is ready: until then the one before it stands.
      observer.finish();
      return print(outcome, reports, { plan, args, console, times: recorder?.table() });
    });
  },
};

/** Tells whether a run of one of the plan's variants is stored, whatever its other settings. */
async function hasRunsOf(results: string, { chosen }: RunPlan): Promise<boolean> {
  const withoutHash = (id: string) => id.slice(0, id.lastIndexOf("-"));
  const stored = new Set((await readdir(results).catch(() => [])).map(withoutHash));
  return chosen.some(({ variant }) => stored.has(withoutHash(planId(variant.preset.id, {}))));
}

/** Shows the table of what is measured so far: each row has its accuracy, and latency gains samples until the end. */
function interimOf({ plan, args, console }: Printing, observer: ReturnType<typeof observe>): InterimResults {
  return {
    everyRounds: defaults.interimRounds,
    async show(runs, rounds) {
      const reports = await reportsOf(runs, plan, args);
      const head = `so far: ${rounds} of ${plan.latency.rounds} rounds of latency`;
      observer.interim([firstTable(reports.map(underWay), plan, args, console), head].join("\n\n"));
    },
  };
}

async function reportsOf(runs: readonly StoredRun[], plan: RunPlan, args: Arguments): Promise<readonly RunReport[]> {
  const reports: RunReport[] = [];
  // One after the other: rows of one run in memory at a time.
  const options = { book: bookOf(plan.registry), plugins: listOf(args, "plugin") };
  for (const each of runs) reports.push(await reportOf(each, options));
  return reports;
}

interface Printing {
  readonly plan: RunPlan;
  readonly args: Arguments;
  readonly console: Console;
  /** Present where the user asks where the time went. */
  readonly times?: TimeTable | undefined;
}

function print(
  { runs, stopped }: RunOutcome,
  reports: readonly RunReport[],
  { plan, args, console, times }: Printing,
): number {
  if (args.json) line(console, JSON.stringify({ ...resultJson(reports, plan.leftOut), timing: times }));
  else {
    console.out.write(`${printable(firstTable(reports, plan, args, console))}\n`);
    if (times !== undefined) note(console, timingText(times));
  }
  if (!stopped) {
    const failed = runs.some(({ manifest }, i) => manifest.status.state === "failed" || allFailed(reports[i]!));
    return exitCodes[failed ? "failed" : "done"].code;
  }
  note(console, "stopped before the end; the same command goes on from here");
  return exitCodes.interrupted.code;
}

function firstTable(reports: readonly RunReport[], plan: RunPlan, args: Arguments, console: Console): string {
  return resultTable(reports, {
    ...tableChoice(args),
    ...lookOf(console),
    leftOut: plan.leftOut,
    report: reportCommand(args.results as string),
    next: nextOfPlan(plan),
  });
}

/** Tells whether every image failed: the run did end, and has no figure. */
function allFailed({ images }: RunReport): boolean {
  return images.failed > 0 && images.finished === 0;
}
