import { statSync } from "node:fs";
import { basename } from "node:path";
import { readCommit } from "../build/commit.ts";
import { HarnessError } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { type Environment, readEnvironment } from "../measure/environment.ts";
import { runtimeVersion } from "../onnx/index.ts";
import { chooseWeights } from "../plan/models/weights.ts";
import { type RunPlan, resolvePlan } from "../plan/plan.ts";
import { loadRegistry, type Registry } from "../plan/plugins/registry.ts";
import { runtimeOf } from "../plan/point.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import { checkProviders, diskFreeBytes, type ProviderState } from "./machine.ts";
import { needsOf, type PlanNeeds } from "./needs.ts";
import { checkPages, type PageState } from "./pages.ts";
import { timeShortage } from "./planTime.ts";
import { checkPrograms, type ProgramState } from "./programs.ts";
import { measureSpeeds } from "./speeds.ts";

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
  /** Says whether pages of a browser can compute here (`--runtime web`). */
  readonly pages: PageState;
  readonly gmacsPerSecond?: number;
  /** The same for each provider of the plan, the first of which is that of `gmacsPerSecond`. */
  readonly speeds?: readonly { readonly provider: string; readonly gmacsPerSecond: number }[];
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
    pages: checkPages(),
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
): Promise<Pick<Findings, "plan" | "gmacsPerSecond" | "speeds" | "missing">> {
  try {
    const plan = await resolvePlan(flags);
    const unusable = unusableProviders(plan, providers);
    const speeds = await measureSpeeds(plan).catch((error: unknown) => {
      // What the provider lacks is known by now.
      if (error instanceof HarnessError && unusable.length > 0) return undefined;
      throw error;
    });
    if (speeds === undefined) return { missing: unusable };
    const needs = await needsOf(plan, speeds);
    return {
      gmacsPerSecond: [...speeds.values()][0]!,
      speeds: [...speeds].map(([provider, gmacsPerSecond]) => ({ provider, gmacsPerSecond })),
      plan: needs,
      missing: [
        ...unusable,
        ...silentPrograms(plan),
        ...shortages(needs, machine, disks),
        ...timeShortages(needs, plan),
      ],
    };
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { missing: [textOf(error)] };
  }
}

/** Returns the problem of each provider of the plan that opens no graph on this machine. */
function unusableProviders(plan: RunPlan, states: readonly ProviderState[]): readonly string[] {
  const names = new Set(plan.chosen.map((each) => runtimeOf(plan, each).provider));
  return states.flatMap(({ name, usable, problem }) =>
    names.has(name) && !usable ? [`provider ${name}: ${problem ?? "opens no graph here"}`] : [],
  );
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
