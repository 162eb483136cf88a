import { statSync } from "node:fs";
import { basename } from "node:path";
import { readCommit } from "../build/commit.ts";
import { HarnessError } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { type Environment, readEnvironment } from "../measure/environment.ts";
import { runtimeVersion } from "../onnx/index.ts";
import { type RunPlan, resolvePlan } from "../plan/plan.ts";
import { loadRegistry, type Registry } from "../plan/plugins/registry.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import { chooseWeights } from "../plan/weights.ts";
import { checkProviders, diskFreeBytes, measureSpeed, type ProviderState } from "./machine.ts";
import { needsOf, type PlanNeeds } from "./needs.ts";
import { timeShortage } from "./planTime.ts";
import { checkPrograms, type ProgramState } from "./programs.ts";

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
  /** Programs of other people's Python that can answer for variants; nothing else needs a Python. */
  readonly programs: readonly ProgramState[];
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
  const registry = await loadRegistry(flags.plugin);
  return {
    machine,
    onnxruntime: runtimeVersion,
    providers,
    disks,
    installed: await installedWeights(registry),
    programs: await checkPrograms(registry, flags.python),
    commit,
    ...(await examinePlan(flags, { machine, providers, disks })),
  };
}

async function installedWeights(registry: Registry): Promise<readonly InstalledWeights[]> {
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
    return {
      gmacsPerSecond,
      plan: needs,
      missing: [...silentPrograms(plan), ...shortages(needs, machine, disks), ...timeShortages(needs, plan)],
    };
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { missing: [textOf(error)] };
  }
}

function silentPrograms({ chosen }: RunPlan): readonly string[] {
  return chosen.flatMap(({ unanswered }) => (unanswered === undefined ? [] : [textOf(unanswered.reason)]));
}

function textOf({ message, hint }: HarnessError): string {
  return hint === undefined ? message : `${message}; ${hint}`;
}

function shortages({ memoryBytes, diskBytes }: PlanNeeds, machine: Environment, disks: readonly Disk[]): string[] {
  const free = machine.memory.freeBytes;
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

function timeShortages(needs: PlanNeeds, plan: RunPlan): string[] {
  const shortage = timeShortage(needs, plan);
  return shortage === undefined ? [] : [textOf(shortage)];
}

/** Writes a size as 512 MB or 1.5 GB, of 10^6 and 10^9 bytes. */
export function gigabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
