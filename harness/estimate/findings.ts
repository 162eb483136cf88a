import { statSync } from "node:fs";
import { basename } from "node:path";
import { readCommit } from "../build/commit.ts";
import { HarnessError } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { type Environment, readEnvironment } from "../measure/environment.ts";
import { runtimeVersion } from "../onnx/index.ts";
import { resolvePlan } from "../plan/plan.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import { chooseWeights } from "../plan/weights.ts";
import { checkProviders, diskFreeBytes, measureSpeed, type ProviderState } from "./machine.ts";
import { needsOf, type PlanNeeds } from "./needs.ts";

interface Disk {
  readonly holds: "graphs and checkpoints" | "results";
  readonly folder: string;
  readonly freeBytes: number;
}

export interface InstalledWeights {
  readonly variant: string;
  readonly weights: string;
  /** Name of the file without its folder. */
  readonly file: string;
  readonly bytes: number;
}

/** Findings of `bench doctor`. */
export interface Findings {
  readonly machine: Environment;
  readonly onnxruntime: string;
  readonly providers: readonly ProviderState[];
  readonly commit?: { readonly hash: string; readonly dirty: boolean };
  readonly disks: readonly Disk[];
  readonly installed: readonly InstalledWeights[];
  readonly gmacsPerSecond?: number;
  readonly plan?: PlanNeeds;
  /** Sentences about what stands in the plan's way; empty where it can run. */
  readonly missing: readonly string[];
}

/** Reads the machine and what is installed, and says what the plan of these flags needs and lacks. */
export async function examine(flags: RunFlags, results: string): Promise<Findings> {
  const home = homeFolder();
  const providers = await checkProviders();
  const commit = readCommit();
  const disks: Disk[] = [
    { holds: "graphs and checkpoints", folder: home, freeBytes: await diskFreeBytes(home) },
    { holds: "results", folder: results, freeBytes: await diskFreeBytes(results) },
  ];
  const machine = readEnvironment();
  return {
    machine,
    onnxruntime: runtimeVersion,
    providers,
    disks,
    installed: await installedWeights(flags),
    commit,
    ...(await examinePlan(flags, { machine, providers, disks })),
  };
}

async function installedWeights({ plugin = [] }: RunFlags): Promise<readonly InstalledWeights[]> {
  const registry = await loadRegistry(plugin);
  const { chosen } = await chooseWeights(registry, { variants: ["all"], weights: "auto", checkpoints: new Map() });
  return chosen.flatMap(({ variant, weights }) => {
    if (weights.file === undefined) return [];
    const file = basename(weights.file);
    return [{ variant: variant.preset.id, weights: weights.source, file, bytes: statSync(weights.file).size }];
  });
}

type Surroundings = Pick<Findings, "machine" | "providers" | "disks">;

/** Examines the plan. A plan that can not run is a finding, not the end of the command. */
async function examinePlan(
  flags: RunFlags,
  { machine, providers, disks }: Surroundings,
): Promise<Pick<Findings, "plan" | "gmacsPerSecond" | "missing">> {
  try {
    const plan = await resolvePlan(flags);
    const provider = providers.find(({ name }) => name === plan.runtime.provider);
    if (provider?.usable !== true)
      return {
        missing: [`provider ${plan.runtime.provider}: ${provider?.problem ?? "not part of this ONNX Runtime"}`],
      };
    const gmacsPerSecond = await measureSpeed(plan.runtime);
    const needs = await needsOf(plan, gmacsPerSecond);
    return { gmacsPerSecond, plan: needs, missing: shortages(needs, machine, disks) };
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { missing: [error.hint === undefined ? error.message : `${error.message}; ${error.hint}`] };
  }
}

function shortages({ memoryBytes, diskBytes }: PlanNeeds, machine: Environment, disks: readonly Disk[]): string[] {
  const free = Math.min(machine.memory.freeBytes, machine.limits.memoryBytes ?? Number.POSITIVE_INFINITY);
  const memory = memoryBytes > free ? [`memory: about ${gigabytes(memoryBytes)} needed, ${gigabytes(free)} free`] : [];
  const full = disks.filter(({ freeBytes }) => freeBytes < diskBytes);
  return [
    ...memory,
    ...full.map(
      ({ folder, freeBytes }) =>
        `disk: about ${gigabytes(diskBytes)} needed, ${gigabytes(freeBytes)} free at ${folder}`,
    ),
  ];
}

/** Writes a size as 512 MB or 1.5 GB, of 10^6 and 10^9 bytes. */
export function gigabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
