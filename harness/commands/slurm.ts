import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { type ClusterJob, shardsFolder } from "../cluster/job.ts";
import { cpusPerTask, slurmScripts } from "../cluster/slurm.ts";
import { queueStates, readSubmitted, slurmFolder, submit } from "../cluster/submit.ts";
import { unknown } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { givenArguments } from "../plan/givenArguments.ts";
import { type Option, planOptions } from "../plan/options.ts";
import { resolvePlan } from "../plan/plan.ts";
import { projectRoot } from "../plan/plugins/sources.ts";
import { shardProgress } from "../results/shardProgress.ts";
import { headings } from "./headings.ts";
import { type Arguments, type Command, type Console, line, listOf, note, wholeNumber } from "./terminal/command.ts";
import { kubernetesOptions, kubernetesUnused, printKubernetes } from "./terminal/kubernetes.ts";
import { planUnused, runFlagsOf, settingOptions } from "./terminal/planFlags.ts";
import { queueText, scriptText } from "./text/queue.ts";

/**
 * Options that no job is given. A command of the user's own is not written into a job, which runs it hours later: --external is for
 * `bench run`. A job's time is sbatch's to limit, and its processors are the node's to give. Cold starts and energy belong to
 * latency alone, and a shard refuses them.
 */
const undivided: ReadonlySet<string> = new Set([
  "phase",
  "shard",
  "external",
  "max-minutes",
  "cpus",
  "cold-start",
  "energy",
]);
const dividedOptions = optionsBut(undivided);
/** Options that a job is started with; its number of threads it gets by itself. */
const passedOptions = optionsBut(new Set([...undivided, "threads"]));

function optionsBut(left: ReadonlySet<string>): Readonly<Record<string, Option>> {
  return Object.fromEntries(Object.entries(planOptions).filter(([name]) => !left.has(name)));
}

export const slurm: Command = {
  ...headings.slurm,
  options: {
    ...dividedOptions,
    shards: { describe: "parts of the array", type: "number", default: 8 },
    "node-types": { describe: "features of nodes; latency is measured on one of each", type: "string", list: true },
    results: { describe: "folder that all nodes see", type: "string", default: "results" },
    "dry-run": { describe: "print the scripts and submit nothing", type: "boolean" },
    target: { describe: "whose jobs", type: "string", choices: ["slurm", "kubernetes"], default: "slurm" },
    ...kubernetesOptions,
  },
  moreOptions: settingOptions,
  unused: [...planUnused, kubernetesUnused],
  examples: [
    [
      "bench slurm --variants all --dataset coco --data COCO --shards 64 -- --partition=cpu",
      "options behind -- are sbatch's",
    ],
    ["bench slurm status", "what is queued, and how many images are done"],
    ["bench slurm --shards 8 --target kubernetes --dry-run", "an indexed Job for kubectl"],
  ],
  async run(args, console) {
    const action = (args.action as string | undefined) ?? "submit";
    if (action === "status") return status(resolve(args.results as string), console);
    if (action !== "submit") throw unknown("action", action, ["submit", "status"]);
    const options = listOf(args, "--");
    const job = await jobOf(args, options);
    if (args.target === "kubernetes") return printKubernetes(job, args, console);
    const scripts = slurmScripts(job, slurmFolder(job.results));
    if (args["dry-run"]) {
      for (const each of scripts) line(console, scriptText(each, options));
      return 0;
    }
    const { ids } = await submit(job, scripts, options);
    for (const [name, id] of Object.entries(ids)) line(console, `${name}: job ${id}`);
    note(console, `bench slurm status --results ${args.results} follows them; logs lie in ${slurmFolder(job.results)}`);
    return 0;
  },
};

/**
 * Returns the job that the flags describe. Throws HarnessError for every mistake that a run would name, before anything waits
 * in a queue for an hour.
 */
async function jobOf(args: Arguments, sbatch: readonly string[]): Promise<ClusterJob> {
  const shards = wholeNumber(args, "shards", 1);
  const plan = await resolvePlan({ ...(await runFlagsOf(args)), shard: `1/${shards}` });
  const plugins = listOf(args, "plugin");
  return {
    command: [process.execPath, resolve(projectRoot, "harness", "bench.mjs")],
    run: givenArguments(args, { ...passedOptions, ...(await settingOptions(plugins)) }),
    shards,
    // The same everywhere: threads are part of a run's identity, and nodes differ in cores.
    threads: (args.threads as number | undefined) ?? cpusPerTask(sbatch) ?? availableParallelism(),
    results: resolve(args.results as string),
    home: homeFolder(),
    data: plan.datasetOptions.data === undefined ? undefined : resolve(plan.datasetOptions.data),
    plugins: plugins.map((plugin) => resolve(plugin)),
    nodeTypes: listOf(args, "node-types"),
  };
}

async function status(results: string, console: Console): Promise<number> {
  const submitted = await readSubmitted(results);
  const queue = await queueStates(Object.values(submitted.ids));
  const shards = await shardProgress(shardsFolder({ results }), (text) => note(console, text));
  line(console, queueText(submitted, queue, shards));
  return 0;
}
