import { type Findings, gigabytes, type InstalledWeights } from "../../estimate/findings.ts";
import { isSoftwareDevice, type ProviderState } from "../../estimate/machine.ts";
import type { PlanNeeds } from "../../estimate/needs.ts";
import type { PageState } from "../../estimate/pages.ts";
import { planTimeTexts } from "../../estimate/planTime.ts";
import type { ProgramState } from "../../estimate/programs.ts";
import { wrap } from "../../report/table/formats/layout.ts";
import { formatDuration } from "../terminal/progress.ts";
import { fittedTable } from "./fittedTable.ts";

/** Characters of a line where there is no terminal. */
const defaults = { width: 120 };

/** Writes what `bench doctor` prints: the machine, what is installed, what the plan needs, and what it lacks. */
export function findingsText(found: Findings, width: number = defaults.width): string {
  const { plan, speeds, missing } = found;
  return [
    factsText(found, width),
    weightsText(found.installed, width),
    ...(plan === undefined || speeds === undefined ? [] : [planText(plan, { speeds, width })]),
    missing.length === 0
      ? "nothing is missing"
      : `missing\n${missing.map((each) => wrap(`- ${each}`, width, "  ")).join("\n")}`,
  ].join("\n\n");
}

type Fact = readonly [name: string, value: string];

function factsText(
  { machine, onnxruntime, providers, disks, commit, programs, pages }: Findings,
  width: number,
): string {
  const { cpu, gpus = [], memory, limits, os, virtual } = machine;
  const limited = [
    ...(limits.cores === undefined ? [] : [`${limits.cores} core${limits.cores === 1 ? "" : "s"}`]),
    ...(limits.memoryBytes === undefined ? [] : [gigabytes(limits.memoryBytes)]),
  ];
  const facts: readonly Fact[] = [
    [
      "cpu",
      `${cpu.model}, ${cpu.cores} core${cpu.cores === 1 ? "" : "s"}; ${cpu.flags.join(", ") || "no wide instructions"}`,
    ],
    ...gpus.map(
      ({ name, memoryBytes, driver }): Fact => ["gpu", `${name}, ${gigabytes(memoryBytes)}, driver ${driver}`],
    ),
    ["memory", `${gigabytes(memory.totalBytes)}, ${gigabytes(memory.freeBytes)} free`],
    ...when(limited.length > 0, ["limits", `of the container: ${limited.join(", ")}`]),
    ...when(virtual.length > 0, ["shared", `${virtual.join(", ")}: latencies may vary with the neighbours`]),
    ["system", `${os.name ?? os.platform}, kernel ${os.kernel}, ${os.arch}`],
    ["node", machine.node],
    ["onnxruntime", onnxruntime],
    ...providers.map((provider): Fact => ["provider", `${provider.name}: ${providerText(provider)}`]),
    ["pages", pagesText(pages)],
    ...programFacts(programs),
    ["commit", commit === undefined ? "not a git checkout" : `${commit.hash}${commit.dirty ? ", with changes" : ""}`],
    ...disks.map(({ holds, folder, freeBytes }): Fact => [holds, `${gigabytes(freeBytes)} free at ${folder}`]),
  ];
  const widest = Math.max(...facts.map(([name]) => name.length));
  return facts
    .map(([name, value]) => wrap(`${name.padEnd(widest)}  ${value}`, width, " ".repeat(widest + 2)))
    .join("\n");
}

function providerText({ usable, problem, device }: ProviderState): string {
  if (!usable) return `not usable; ${problem}`;
  if (device === undefined) return "usable";
  const software = isSoftwareDevice(device)
    ? ", a software device: it computes on the processor, its times are no GPU's"
    : "";
  return `usable, on ${device}${software}`;
}

function pagesText({ browser, onnxruntime, missing }: PageState): string {
  if (missing.length > 0) return `can not compute; ${missing.join("; ")}`;
  return `can compute by ${browser} and onnxruntime-web ${onnxruntime}`;
}

/** Returns a line for each program, or one for all where no Python starts. */
function programFacts(programs: readonly ProgramState[]): readonly Fact[] {
  const started = programs.filter(({ python }) => python !== undefined);
  if (started.length === 0) {
    const methods = [...new Set(programs.map(({ method }) => `${method}/…`))].join(", ");
    return when(programs.length > 0, ["python", `none starts: ${methods} can not run, and nothing else needs it`]);
  }
  return started.map(({ method, presets, python, install }): Fact => {
    const state = install === undefined ? `can run on ${python}` : `can not run on ${python}; ${install}`;
    return ["program", `${method}/… for ${presets.join(", ")}: ${state}`];
  });
}

function when(holds: boolean, fact: Fact): readonly Fact[] {
  return holds ? [fact] : [];
}

function weightsText(installed: readonly InstalledWeights[], width: number): string {
  if (installed.length === 0) return "no weights are installed";
  return fittedTable(
    [
      { header: "installed for", cells: installed.map(({ variant }) => variant) },
      { header: "weights", cells: installed.map(({ weights }) => weights), leaves: 1 },
      { header: "file", cells: installed.map(({ file }) => file), leaves: 2 },
      { header: "MB", cells: installed.map(({ bytes }) => (bytes / 1e6).toFixed(1)) },
    ],
    width,
  );
}

interface PlanContext {
  readonly speeds: NonNullable<Findings["speeds"]>;
  readonly width: number;
}

function speedsText(speeds: PlanContext["speeds"]): string {
  const of = (gmacsPerSecond: number) => `${gmacsPerSecond.toFixed(0)} GMAC/s`;
  if (speeds.length === 1) return of(speeds[0]!.gmacsPerSecond);
  return speeds.map(({ provider, gmacsPerSecond }) => `${of(gmacsPerSecond)} on ${provider}`).join(", ");
}

function planText(plan: PlanNeeds, { speeds, width }: PlanContext): string {
  const { variants, leftOut } = plan;
  const time = planTimeTexts(plan);
  const total = `${time.total} (${time.parts}), ${gigabytes(plan.memoryBytes)} of memory, ${gigabytes(plan.diskBytes)} of disk`;
  const what = `${plan.images} images of ${plan.dataset} (some ${plan.targets} targets), prompts ${plan.prompts.join(", ")}`;
  const basis = `from the graphs' multiply-accumulates and ${speedsText(speeds)}, measured just now; what is measured already is not done again`;
  const column = (header: string, cell: (needs: (typeof variants)[number]) => string, leaves?: number) => ({
    header,
    cells: variants.map(cell),
    leaves,
  });
  const table = fittedTable(
    [
      column("plan", ({ variant }) => variant),
      column("weights", ({ weights }) => weights, 4),
      column("encode ms", ({ encodeMs }) => encodeMs.toFixed(0), 2),
      column("decode ms", ({ decodeMs }) => decodeMs.toFixed(0), 1),
      column("time", ({ seconds }) => formatDuration(seconds)),
      column("memory MB", ({ memoryBytes }) => (memoryBytes / 1e6).toFixed(0)),
      column("disk MB", ({ diskBytes }) => (diskBytes / 1e6).toFixed(0), 3),
    ],
    width,
  );
  const left = fittedTable(
    [
      { header: "left out", cells: leftOut.map(({ variant }) => variant) },
      { header: "what brings it", cells: leftOut.map(({ command }) => command), prose: width },
    ],
    width,
  );
  const taken = variants.flatMap((each) => (each.taken === undefined ? [] : [`${each.variant}: ${each.taken}`]));
  const text = [`the plan needs ${total}`, what, basis].map((each) => wrap(each, width, "  ")).join("\n");
  const takenText = taken.map((each) => wrap(each, width, "  ")).join("\n");
  return [text, table, takenText, leftOut.length === 0 ? "" : left].filter((part) => part !== "").join("\n\n");
}
