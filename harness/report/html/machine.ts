import { fallbackTexts } from "../../results/fallbacks.ts";
import { shellWord } from "../../shellWords.ts";
import type { Manifest } from "../../store/schema.ts";
import type { ChartRun } from "../charts/index.ts";
import { html, type Markup } from "./markup.ts";

/** Writes which machine and software the figures were measured with, and the command lines that measure them again. */
export function machineMarkup(runs: readonly ChartRun[]): Markup {
  return html`<section id="machine"><h2>Machine and plan</h2>
${distinct(runs, machineFacts).map(({ value, labels }, _, all) => factsMarkup(all.length > 1 ? labels.join(", ") : undefined, value))}
<h3>Runs</h3>
${runs.map(runMarkup)}
<h3>The same again</h3>
${distinct(runs, ({ plan }) => commandLine(plan.asPassed)).map(({ value }) => html`<div class="command"><pre><code>${value}</code></pre><button type="button" class="copy">copy</button></div>`)}
</section>`;
}

type Facts = readonly (readonly [name: string, value: string])[];

function machineFacts({ environment, runtime, external }: Manifest): Facts {
  const { cpu, memory, limits, os, node, virtual } = environment;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  return [
    ["processor", `${cpu.model}, ${cpu.cores} core${cpu.cores === 1 ? "" : "s"}`],
    ...(cpu.governor === undefined ? [] : [["governor", cpu.governor] as const]),
    ...(limits.cores === undefined ? [] : [["quota", `${limits.cores} of its cores, by the container`] as const]),
    ["instructions", cpu.flags.join(", ") || "none of those that matter here"],
    ["memory", gigabytes(limits.memoryBytes ?? memory.totalBytes)],
    ["system", [os.name ?? os.platform, os.arch, ...virtual].join(", ")],
    ["runtime", `${runtimeOf({ runtime, external })}, ${threadsText(runtime)}`],
    ["Node", node],
  ];
}

function threadsText({ threads, cpus }: Manifest["runtime"]): string {
  const count = `${threads} thread${threads === 1 ? "" : "s"}`;
  return cpus === undefined ? count : `${count}, pinned to processors ${cpus}`;
}

/** Names what answers: another program with its versions, or ONNX Runtime. */
function runtimeOf({ runtime: { onnxruntime, provider }, external }: Pick<Manifest, "runtime" | "external">): string {
  if (external === undefined) return `ONNX Runtime ${onnxruntime}, provider ${provider}`;
  const versions = Object.entries(external.versions).map(([name, version]) => `${name} ${version}`);
  return `another program, ${external.name} (${versions.join(", ")})`;
}

function providerFacts(runtime: Manifest["runtime"]): Facts {
  const { provider, providerError, opening, page } = runtime;
  if (providerError === undefined) return [];
  const stages = Object.entries(providerError).map(([stage, value]) => `${stage} ${Number(value.toPrecision(2))}`);
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return [
    [`${provider} against cpu`, `${stages.join(", ")} of the outputs' std at most`],
    ...fallbackTexts(runtime).map((text) => [`not on ${provider}`, text] as const),
    ...(page === undefined ? [] : [["page", pageText(page)] as const]),
    ...(opening === undefined
      ? []
      : [["opening", `${seconds(opening.firstMs)} first, ${seconds(opening.againMs)} with engines built`] as const]),
  ];
}

function pageText({
  browser,
  downloadBytes,
  firstMaskMs,
  memoryBytes,
  device,
}: NonNullable<Manifest["runtime"]["page"]>): string {
  const load = `${(downloadBytes / 1e6).toFixed(1)} MB to load, not compressed`;
  const gpu = device === undefined ? "" : `, WebGPU on ${device}`;
  const held = memoryBytes === undefined ? "" : `; it then holds ${(memoryBytes / 1e6).toFixed(0)} MB`;
  return `${browser}${gpu}; ${load}; first mask ${(firstMaskMs / 1000).toFixed(1)} s after the page was asked for, on this machine${held}`;
}

function factsMarkup(heading: string | undefined, facts: Facts): Markup {
  return html`${heading === undefined ? undefined : html`<h3>${heading}</h3>`}<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function runMarkup({ label, manifest }: ChartRun): Markup {
  const { id, createdAt, variant, weights, dataset, protocols, seed, commit, harness, plan, rounds, status } = manifest;
  const latency = plan.resolved.latency as { readonly rounds?: number; readonly warmup?: number } | undefined;
  const facts: Facts = [
    ["run", `${id}, ${createdAt.slice(0, 16).replace("T", " ")} UTC, ${status.state}`],
    [
      "paper",
      `${variant.paper.title}, ${variant.paper.year}${variant.paper.arxiv === undefined ? "" : `, arXiv ${variant.paper.arxiv}`}`,
    ],
    [
      "weights",
      `${weights.source}: ${weights.label}${weights.sha256 === undefined ? "" : `, sha256 ${weights.sha256.slice(0, 16)}…`}`,
    ],
    ["dataset", `${dataset.id}, ${dataset.images} images, fingerprint ${dataset.fingerprint.slice(0, 16)}…`],
    [
      "protocols",
      Object.entries(protocols)
        .map(([prompts, protocol]) => `${prompts} by ${protocol}`)
        .join("; "),
    ],
    ["seed", String(seed)],
    ...(latency?.rounds === undefined
      ? []
      : [["latency", roundsText({ taken: rounds, planned: latency.rounds, warmup: latency.warmup ?? 0 })] as const]),
    ...(harness === undefined
      ? []
      : [["installation", `sam-bench ${harness.version}, sources ${harness.sources.slice(0, 12)}`] as const]),
    ...(commit === undefined
      ? []
      : [
          [
            "sam-bench",
            `commit ${commit.hash.slice(0, 12)}${commit.dirty ? ", with changes of its own" : ""}`,
          ] as const,
        ]),
    ...providerFacts(manifest.runtime),
    ...variant.notes.map((note): readonly [string, string] => ["note", note]),
  ];
  return html`<details><summary>${label}</summary>${factsMarkup(undefined, facts)}</details>`;
}

/** Returns each distinct value once, with the labels of the runs that have it. */
function distinct<T>(
  runs: readonly ChartRun[],
  of: (manifest: Manifest) => T,
): readonly { value: T; labels: string[] }[] {
  const found = new Map<string, { value: T; labels: string[] }>();
  for (const { label, manifest } of runs) {
    const value = of(manifest);
    const key = JSON.stringify(value);
    const known = found.get(key) ?? { value, labels: [] };
    known.labels.push(label);
    found.set(key, known);
  }
  return [...found.values()];
}

/** Writes a command line for a shell. */
export function commandLine(words: readonly string[]): string {
  return ["bench", ...words.map(shellWord)].join(" ");
}

interface Rounds {
  readonly taken: number | undefined;
  readonly planned: number;
  readonly warmup: number;
}

/** Writes the rounds of latency. A time limit leaves out rounds of warm-up as well. */
function roundsText({ taken = Number.POSITIVE_INFINITY, planned, warmup }: Rounds): string {
  return taken < planned
    ? `${taken} of ${planned} rounds, for --max-minutes`
    : `${planned} rounds after ${warmup} to warm up`;
}
