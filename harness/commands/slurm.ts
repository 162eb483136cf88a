import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { type ClusterJob, shardsFolder } from "../cluster/job.ts";
import { kubernetesJob } from "../cluster/kubernetes.ts";
import { cpusPerTask, sbatchArguments, slurmScripts } from "../cluster/slurm.ts";
import { queueStates, readSubmitted, slurmFolder, submit } from "../cluster/submit.ts";
import { HarnessError, unknown } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { givenArguments } from "../plan/givenArguments.ts";
import { planOptions } from "../plan/options.ts";
import { resolvePlan } from "../plan/plan.ts";
import { projectRoot } from "../plan/plugins/sources.ts";
import { shardProgress } from "../results/shardProgress.ts";
import { type Arguments, type Command, type Console, line, note } from "./terminal/command.ts";
import { flagsOf, planUnused, settingOptions } from "./terminal/planFlags.ts";
import { queueText } from "./text/queue.ts";

const { phase: _, shard: __, ...dividedOptions } = planOptions;
/** A job gets its number of threads by itself. */
const { threads: ___, ...passedOptions } = dividedOptions;

export const slurm: Command = {
  name: "slurm",
  describe: "Run accuracy as an array of shards, then latency, then merge and table, as jobs of a cluster",
  arguments: [{ name: "action", describe: "submit (if left out) or status", optional: true }],
  options: {
    ...dividedOptions,
    shards: { describe: "parts of the array", type: "number", default: 8 },
    "node-types": { describe: "features of nodes; latency is measured on one of each", type: "string", list: true },
    results: { describe: "folder that all nodes see", type: "string", default: "results" },
    "dry-run": { describe: "print the scripts and submit nothing", type: "boolean" },
    target: { describe: "whose jobs", type: "string", choices: ["slurm", "kubernetes"], default: "slurm" },
    container: { describe: "kubernetes: image with sam-bench", type: "string", default: "sam-bench" },
    "volume-claim": { describe: "kubernetes: volume that all pods write", type: "string", default: "sam-bench" },
  },
  moreOptions: settingOptions,
  unused: [
    ...planUnused,
    {
      when: "the jobs are SLURM's",
      holds: ({ target }) => target !== "kubernetes",
      options: ["container", "volume-claim"],
    },
  ],
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
    const options = ((args["--"] ?? []) as readonly unknown[]).map(String);
    const job = await jobOf(args, options);
    if (args.target === "kubernetes") return printKubernetes(job, args, console);
    const scripts = slurmScripts(job, slurmFolder(job.results));
    if (args["dry-run"]) {
      for (const each of scripts) {
        const call = sbatchArguments(each, `${each.name}.sh`, { ids: new Map(), options });
        line(console, `# sbatch ${call.join(" ")}\n${each.text}`);
      }
      return 0;
    }
    const { ids } = await submit(job, scripts, options);
    for (const [name, id] of Object.entries(ids)) line(console, `${name}: job ${id}`);
    note(console, `bench slurm status --results ${args.results} follows them; logs lie in ${slurmFolder(job.results)}`);
    return 0;
  },
};

/** Every mistake that a run would name is named here, before anything waits in a queue for an hour. */
async function jobOf(args: Arguments, sbatch: readonly string[]): Promise<ClusterJob> {
  const shards = args.shards as number;
  if (!Number.isSafeInteger(shards) || shards < 1)
    throw new HarnessError("--shards: must be a whole number", { found: shards, expected: "at least 1" });
  const plan = await resolvePlan({ ...(await flagsOf(args)), shard: `1/${shards}` });
  return {
    command: [process.execPath, resolve(projectRoot, "harness", "bench.mjs")],
    run: givenArguments(args, { ...passedOptions, ...(await settingOptions(args.plugin as string[] | undefined)) }),
    shards,
    // The same everywhere: threads are part of a run's identity, and nodes differ in cores.
    threads: (args.threads as number | undefined) ?? cpusPerTask(sbatch) ?? availableParallelism(),
    results: resolve(args.results as string),
    home: homeFolder(),
    data: plan.datasetOptions.data === undefined ? undefined : resolve(plan.datasetOptions.data),
    plugins: ((args.plugin as readonly string[] | undefined) ?? []).map((plugin) => resolve(plugin)),
    nodeTypes: (args["node-types"] as readonly string[] | undefined) ?? [],
  };
}

function printKubernetes(job: ClusterJob, args: Arguments, console: Console): number {
  if (!args["dry-run"])
    throw new HarnessError("--target kubernetes: is printed, not submitted", {
      hint: "bench slurm --target kubernetes --dry-run … | kubectl apply -f -; then bench merge and bench run --phase latency",
    });
  const options = { container: args.container as string, volumeClaim: args["volume-claim"] as string };
  // Paths of this machine mean nothing in a pod: there, all lies on the volume.
  const inPod = { ...job, command: ["sam-bench"], results: args.results as string, home: "home" };
  line(console, JSON.stringify(kubernetesJob(inPod, options), undefined, 2));
  return 0;
}

async function status(results: string, console: Console): Promise<number> {
  const submitted = await readSubmitted(results);
  const queue = await queueStates(Object.values(submitted.ids));
  const shards = await shardProgress(shardsFolder({ results }), (text) => note(console, text));
  line(console, queueText(submitted, queue, shards));
  return 0;
}
