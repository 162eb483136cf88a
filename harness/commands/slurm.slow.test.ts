import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type SlurmCluster, slurmInstalled, startSlurm } from "../cluster/fixtures/slurmCluster.ts";
import { reportOf } from "../results/report.ts";
import { listRuns } from "../store/manifest.ts";
import { readRun, type StoredRun } from "../store/store.ts";
import { bench, memoryConsole } from "./fixtures/bench.ts";
import { slurm } from "./slurm.ts";

const flags = "--variants sam-nano --prompts box --limit 8 --rounds 2 --warmup 0 --threads 1".split(" ");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-slurm-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(!slurmInstalled)(
  "four shards on a cluster, one task killed: the final table is that of one machine (needs slurmctld, slurmd, munged)",
  async () => {
    const cluster = await startSlurm(join(folder, "cluster"));
    try {
      await compareWithLocal(cluster);
    } finally {
      // Before its folder goes: the daemons' pids are in it.
      await cluster.stop();
    }
  },
  900_000,
);

test("scripts are printed with sbatch's options, ids of those before them, and quoted paths", async () => {
  const text = await dryRun({
    shards: 3,
    limit: 5,
    threads: 2,
    "node-types": ["skylake", "epyc"],
    "--": ["--time=1:00"],
  });
  expect(text).toContain("# sbatch --parsable --time=1:00 shards.sh");
  expect(text).toContain("#SBATCH --array=1-3\n#SBATCH --requeue");
  expect(text).toContain('--shard "$SLURM_ARRAY_TASK_ID/3"');
  expect(text).toContain("# sbatch --parsable --dependency=afterany:<shards> --time=1:00 latency-epyc.sh");
  expect(text).toContain("#SBATCH --exclusive\n#SBATCH --requeue\n#SBATCH --constraint=epyc");
  expect(text).toContain("afterany:<shards>:<latency-skylake>:<latency-epyc> --time=1:00 merge.sh");
  expect(text).toMatch(/merge '[^']+with blanks\/shards' --out '[^']+with blanks\/nodes\/epyc'/);
  expect(text.match(/--threads 2/g)).toHaveLength(3);
});

test("mistakes are named before anything is queued", async () => {
  await expect(dryRun({ shards: 9, limit: 5 })).rejects.toThrow(
    "more shards than images (found 9, expected at most 5)",
  );
  await expect(dryRun({ shards: 0 })).rejects.toThrow("--shards: must be a whole number");
  await expect(dryRun({ action: "stat" })).rejects.toThrow("unknown action: stat");
  await expect(dryRun({ action: "status" })).rejects.toThrow("nothing was submitted here");
  await expect(dryRun({ shards: 2, limit: 5, target: "kubernetes", "dry-run": false })).rejects.toThrow(
    "--target kubernetes: is printed, not submitted",
  );
});

async function compareWithLocal(cluster: SlurmCluster): Promise<void> {
  const env = { ...cluster.env, SAM_BENCH_HOME: folder };
  const results = join(folder, "results");
  const local = await bench(["run", ...flags, "--phase", "accuracy", "--results", join(folder, "local")], { env });
  expect(local.code).toBe(0);
  const submitted = await bench(["slurm", ...flags, "--shards", "4", "--results", results, "--", "--partition=main"], {
    env,
  });
  expect(submitted.notes).toContain("bench slurm status");
  const [array, , merge] = [...submitted.out.matchAll(/job (\d+)/g)].map(([, id]) => id!);

  process.kill(await firstTask(results), "SIGKILL");
  const requeued = await until(
    () => /^(\S+) .*\bBeginTime\b/m.exec(cluster.call("squeue", "-h", "-o", "%A %T %r"))?.[1],
  );
  // The queue holds a requeued task back for two minutes.
  cluster.call("scontrol", "update", `JobId=${requeued}`, "StartTime=now");
  const status = await bench(["slurm", "status", "--results", results], { env });
  expect(status.out).toMatch(new RegExp(`shards +${array} +`));
  expect(status.out).toMatch(/sam-nano +\d\/4 +\d\/2/);

  await until(() => !cluster.call("squeue", "-h", "-o", "%A").split("\n").includes(merge!) || undefined);
  expect(readFileSync(join(results, "slurm", "merge.log"), "utf8")).toMatch(/^sam-nano +nano/m);
  for (const [variant, turns] of [
    ["sam-nano", 2],
    ["baseline/prompt", 0],
  ] as const) {
    const whole = await runOf(variant, results);
    const single = await runOf(variant, join(folder, "local"));
    expect(whole.id).toBe(single.id);
    expect(await whole.rowsHash()).toBe(await single.rowsHash());
    expect((await reportOf(whole)).prompts).toEqual((await reportOf(single)).prompts);
    expect(await whole.latency()).toHaveLength(turns);
  }
  expect(await listRuns(join(results, "shards"))).toHaveLength(8);
}

async function dryRun(args: Readonly<Record<string, unknown>>): Promise<string> {
  const console = memoryConsole();
  const defaults = { variants: "sam-nano", target: "slurm", "dry-run": true, results: join(folder, "with blanks") };
  await slurm.run({ ...defaults, ...args }, console);
  return console.said.out;
}

/** The process of a shard that has begun to write. */
async function firstTask(results: string): Promise<number> {
  const lock = await until(() => {
    const shards = readdirSync(join(results, "shards"));
    const [begun] = shards.filter((id) => /"kind":"image"/.test(text(join(results, "shards", id, "rows.jsonl"))));
    return begun === undefined ? undefined : text(join(results, "shards", begun, "lock")) || undefined;
  });
  return JSON.parse(lock).pid;
}

function text(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    try {
      const found = look();
      if (found !== undefined) return found;
    } catch {
      // Not there yet.
    }
    await delay(50);
  }
}

async function runOf(variant: string, results: string): Promise<StoredRun> {
  const listed = await listRuns(results);
  const run = listed.find((each) => each.state === "readable" && each.manifest.variant.id === variant);
  return readRun(results, run!.id);
}
