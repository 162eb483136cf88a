import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { type ClusterJob, shardsFolder } from "../cluster/job.ts";
import { kubernetesJob } from "../cluster/kubernetes.ts";
import { sbatchArguments, slurmScripts } from "../cluster/slurm.ts";
import { queueStates, readSubmitted, slurmFolder, submit } from "../cluster/submit.ts";
import { HarnessError, unknown } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { type Option, planOptions } from "../plan/options.ts";
import { resolvePlan } from "../plan/plan.ts";
import { projectRoot } from "../plan/plugins/sources.ts";
import { readableRuns } from "../results/storedRuns.ts";
import { indexRows } from "../store/rows.ts";
import { readRun } from "../store/store.ts";
import { type Arguments, type Command, type Console, line, note } from "./terminal/command.ts";
import { flagsOf, planUnused, settingOptions } from "./terminal/planFlags.ts";
import { plainTable } from "./text/plainTable.ts";

const { phase: _, shard: __, ...dividedOptions } = planOptions;
/** Paths that a job must find from wherever it runs. */
const pathOptions = ["data", "boxes", "plugin", "preset"];

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
    run: await runArguments(args),
    shards,
    // The same everywhere: threads are part of a run's identity, and nodes differ in cores.
    threads: (args.threads as number | undefined) ?? cpusOf(sbatch) ?? availableParallelism(),
    results: resolve(args.results as string),
    home: homeFolder(),
    ...(plan.datasetOptions.data === undefined ? {} : { data: resolve(plan.datasetOptions.data) }),
    plugins: ((args.plugin as readonly string[] | undefined) ?? []).map((plugin) => resolve(plugin)),
    nodeTypes: (args["node-types"] as readonly string[] | undefined) ?? [],
  };
}

function cpusOf(options: readonly string[]): number | undefined {
  const text = options
    .map((option) => /^--cpus-per-task=(\d+)$/.exec(option)?.[1])
    .find((found) => found !== undefined);
  return text === undefined ? undefined : Number(text);
}

/** The run's flags as they were given, paths made absolute; those with their default value say nothing. */
async function runArguments(args: Arguments): Promise<readonly string[]> {
  const options: Readonly<Record<string, Option>> = {
    ...dividedOptions,
    ...(await settingOptions(args.plugin as readonly string[] | undefined)),
  };
  return Object.entries(options).flatMap(([name, option]) => {
    const value = args[name];
    if (name === "threads" || value === undefined || value === option.default) return [];
    const texts = (Array.isArray(value) ? value : [value]).map(String);
    return texts.flatMap((text) => [`--${name}`, absolute(name, text)]);
  });
}

function absolute(name: string, text: string): string {
  if (pathOptions.includes(name)) return resolve(text);
  if (name !== "checkpoint") return text;
  const [variant = "", ...file] = text.split("=");
  return `${variant}=${resolve(file.join("="))}`;
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
  const { ids, shards } = await readSubmitted(results);
  const queue = await queueStates(Object.values(ids));
  const jobs = Object.entries(ids).map(([name, id]) => [
    name,
    id,
    queue?.get(id) ?? (queue === undefined ? "unknown" : "ended"),
  ]);
  line(console, plainTable(["job", "id", "state"], jobs));
  const folder = shardsFolder({ results });
  const rows: string[][] = [];
  for (const { id, variant, shard, status: state } of await readableRuns(folder, (text) => note(console, text))) {
    const run = await readRun(folder, id);
    const { places } = await indexRows(`${run.folder}/rows.jsonl`);
    rows.push([
      variant.id,
      `${shard?.index ?? "?"}/${shards}`,
      `${places.size}/${run.manifest.dataset.images}`,
      state.state,
    ]);
  }
  rows.sort((a, b) => (a[0]! + a[1]!.padStart(12) < b[0]! + b[1]!.padStart(12) ? -1 : 1));
  line(console, `\n${plainTable(["variant", "shard", "images", "state"], rows)}`);
  return 0;
}
