import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { withValues } from "../../absent.ts";
import { nameOfCheckpoint, variantOfCheckpoint } from "../../build/weights/recognise.ts";
import { HarnessError, Stopped, unknown } from "../../errors.ts";
import { placesOf } from "../../plan/data/dataPlaces.ts";
import { namedVariant } from "../../plan/models/checkpoints.ts";
import { resolvePlan } from "../../plan/plan.ts";
import { type Registry, variantOf } from "../../plan/plugins/registry.ts";
import type { RunFlags } from "../../plan/runFlags.ts";
import { hasOwnWeights } from "../../results/ownWeights.ts";
import { plannedImages } from "../../results/runDataset.ts";
import { findRun, readableRuns } from "../../results/storedRuns.ts";
import { largest } from "../../stats/summary.ts";
import { listIds } from "../../store/manifest.ts";
import { nameOnProcessor, processor, providerParts, rowName } from "../../store/rowName.ts";
import { isEarlier, type Manifest } from "../../store/schema.ts";
import { readRun, type StoredRun } from "../../store/store.ts";
import type { RunObserver } from "../request.ts";
import { runPlan } from "../runner.ts";

/** Name that a user gives where a run is meant: it may be a run, a variant or a checkpoint file. */
export type Operand =
  | { readonly kind: "run"; readonly run: StoredRun }
  /** A variant's id, or the name of a row like `sam-nano:mine`, with the provider that it is measured on. */
  | { readonly kind: "variant"; readonly variant: string; readonly provider: string }
  | { readonly kind: "file"; readonly file: string; readonly variant?: string };

export interface OperandContext {
  readonly results: string;
  readonly registry: Registry;
  readonly plugins: readonly string[];
  /** Flags that a plan is made of where no run says otherwise. They also name the folder of the photos. */
  readonly flags: RunFlags;
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
}

/**
 * Reads a run's id or folder, a checkpoint file (`VARIANT=FILE` where it fits several, `VARIANT:NAME=FILE` to name it), a variant,
 * a row's name, or the beginning of an id. A variant is one on the processor, or on the provider of the flags, unless its name says
 * another one.
 */
export async function readOperand(name: string, { results, registry, flags }: OperandContext): Promise<Operand> {
  const ids = await listIds(results);
  if (ids.includes(name) || existsSync(join(resolve(name), "manifest.json")))
    return { kind: "run", run: await findRun(name, results) };
  const at = name.indexOf("=");
  if (isFile(name)) return { kind: "file", file: name };
  if (at > 0 && isFile(name.slice(at + 1))) {
    const variant = name.slice(0, at);
    namedVariant(registry, variant);
    return { kind: "file", file: name.slice(at + 1), variant };
  }
  const { row, provider } = registry.variants.has(name) ? { row: name, provider: processor } : providerParts(name);
  if (isVariant(row, registry))
    return { kind: "variant", variant: row, provider: row === name ? providerOfFlags(flags) : provider };
  if (ids.some((id) => id.startsWith(name))) return { kind: "run", run: await findRun(name, results) };
  if (/[./\\]/.test(name) && !ids.some((id) => id.startsWith(name.slice(0, 4))))
    throw new HarnessError(`${name}: no such file, run or variant`, { hint: "bench list runs shows the stored runs" });
  throw unknown("run, variant or file", name, [...ids, ...registry.variants.keys()]);
}

function providerOfFlags({ provider = processor }: RunFlags): string {
  if (!provider.includes(",")) return provider;
  throw new HarnessError("--provider: a side is measured on one provider", {
    found: provider,
    hint: "name it in the side: bench compare sam-nano sam-nano@webgpu",
  });
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function isVariant(id: string, registry: Registry): boolean {
  if (registry.variants.has(id)) return true;
  // A method refuses a setting that is wrong: its own words say more than a list of ids.
  if (id.includes(":")) return namedVariant(registry, id) !== undefined;
  return id.includes("/") && variantOf(registry, id) !== undefined;
}

/**
 * Returns a stored run for each operand, in their order. An operand that was not measured yet is run on the plan of the first
 * one that was: on the same images, prompts, seed and runtime. Where none was, the first is run as the flags say.
 */
export async function runsOfOperands(
  operands: readonly Operand[],
  context: OperandContext,
): Promise<readonly StoredRun[]> {
  const named = operands.find((each) => each.kind === "run");
  refuseTwoVersions(operands);
  const asked = promptsOf(context);
  const stored = (await finishedRuns(context.results)).filter(({ protocols }) =>
    asked.every((name) => name in protocols),
  );
  let anchor = named?.kind === "run" ? named.run.manifest : newestShared(operands, stored, context.registry);
  if (anchor !== undefined) refusePlanOptions(anchor, operands, context);
  const runs: StoredRun[] = [];
  for (const operand of operands) {
    const run = operand.kind === "run" ? operand.run : await runOf(operand, { context, stored, anchor });
    anchor ??= run.manifest;
    runs.push(run);
  }
  requirePrompts(runs, asked);
  requireTwo(runs);
  return runs;
}

/** Refuses to compare a run of an earlier version with one that would be run by this version. */
function refuseTwoVersions(operands: readonly Operand[]): void {
  const earlier = operands.find((each) => each.kind === "run" && isEarlier(each.run.manifest));
  const present = operands.find((each) => each.kind !== "run" || !isEarlier(each.run.manifest));
  if (earlier?.kind !== "run" || present === undefined) return;
  throw new HarnessError(`${earlier.run.id}: recorded by an earlier version, and not compared with a run of this one`, {
    hint: `bench compare ${earlier.run.manifest.variant.id} … runs the variant again`,
  });
}

/** Refuses options of a plan beside a stored run: the other side is measured on the run's plan. */
function refusePlanOptions({ id }: Manifest, operands: readonly Operand[], { flags }: OperandContext): void {
  // A variant has its own provider, which is that of the flags where its name says none.
  const own = operands.some(({ kind }) => kind === "variant") ? [] : (["provider"] as const);
  const given = (["dataset", "protocol", "limit", "threads", "cpus", ...own] as const).find(
    (name) => flags[name] !== undefined,
  );
  if (given === undefined) return;
  throw new HarnessError(`--${given}: has no effect, because sides are compared on the plan of ${id}`, {
    hint: "leave it out, or give another folder with --results to measure both anew",
  });
}

/** Returns the prompts that --prompts names; none without it. */
function promptsOf({ flags }: OperandContext): readonly string[] {
  return flags.prompts === undefined ? [] : flags.prompts.split(",");
}

function requirePrompts(runs: readonly StoredRun[], asked: readonly string[]): void {
  for (const { manifest } of runs)
    for (const name of asked)
      if (manifest.protocols[name] === undefined) {
        throw new HarnessError(`--prompts ${name}: ${manifest.id} was run without them`, {
          found: Object.keys(manifest.protocols).join(","),
          hint: "name variants or files in place of runs, and what is missing is measured",
        });
      }
}

/** Refuses a run against itself: it has no difference. */
function requireTwo([first, ...others]: readonly StoredRun[]): void {
  const same = others.find(({ id, folder }) => id === first!.id && folder === first!.folder);
  if (same === undefined) return;
  throw new HarnessError(`${same.id}: both sides are this run`, {
    hint: "name two runs (bench list runs), two variants, or a variant and a checkpoint file",
  });
}

async function finishedRuns(results: string): Promise<readonly Manifest[]> {
  const manifests = await readableRuns(results, () => undefined);
  return manifests.filter((each) => each.status.state === "done" && !isEarlier(each)).reverse();
}

/** Returns the run of a named variant on whose data most of the other named variants have a run too, the newest of equals. */
function newestShared(
  operands: readonly Operand[],
  stored: readonly Manifest[],
  registry: Registry,
): Manifest | undefined {
  const variants = operands.filter((each) => each.kind === "variant");
  const own = stored.filter((run) => variants.some((each) => isRowOf(run, each)) && isMeant(run, registry));
  const shared = (run: Manifest) => variants.filter((variant) => own.some((each) => fits(each, variant, run))).length;
  return [...own].sort((x, y) => shared(y) - shared(x))[0];
}

/** Tells whether a row's name means this run: a bare id means the variant's own weights, a name the checkpoint called so. */
function isMeant(run: Manifest, registry: Registry): boolean {
  return run.variant.name !== undefined || hasOwnWeights(run, registry);
}

type NamedOperand = Extract<Operand, { kind: "variant" }>;

/** Tells whether a run has the row that is named. A floor has the same row with every provider. */
function isRowOf({ variant, runtime }: Manifest, { variant: row, provider }: NamedOperand): boolean {
  return nameOnProcessor(variant) === row && (variant.role === "floor" || runtime.provider === provider);
}

function fits(run: Manifest, row: NamedOperand, anchor: Manifest): boolean {
  const { dataset, protocols } = run;
  const alike = Object.entries(protocols).some(([prompts, protocol]) => anchor.protocols[prompts] === protocol);
  return isRowOf(run, row) && dataset.fingerprint === anchor.dataset.fingerprint && alike;
}

interface RunContext {
  readonly context: OperandContext;
  readonly stored: readonly Manifest[];
  readonly anchor: Manifest | undefined;
}

async function runOf(operand: Exclude<Operand, { kind: "run" }>, { context, stored, anchor }: RunContext) {
  if (operand.kind === "variant" && anchor !== undefined) {
    const found = stored.find((each) => fits(each, operand, anchor) && isMeant(each, context.registry));
    if (found !== undefined) return readRun(context.results, found.id);
  }
  const variant = operand.kind === "variant" ? operand.variant : await rowOfFile(operand, context, anchor);
  const planned = anchor === undefined ? context.flags : flagsOfRun(anchor, context);
  const base = operand.kind === "variant" ? { ...planned, provider: operand.provider } : planned;
  const checkpoint = operand.kind === "file" ? [`${variant}=${operand.file}`] : (base.checkpoint ?? []);
  const others =
    operand.kind === "variant" ? storedWithOtherWeights(operand.variant, stored, context.registry) : undefined;
  const plan = await resolvePlan({ ...base, variants: variant, checkpoint }).catch((error: unknown) => {
    if (others === undefined || !(error instanceof HarnessError)) throw error;
    throw new HarnessError(error.message, { hint: [others, error.hint].filter(Boolean).join("; or "), cause: error });
  });
  if (others !== undefined) context.observer.note(`${variant} is run with its own weights; ${others}`);
  if (anchor !== undefined && plan.dataset.fingerprint !== anchor.dataset.fingerprint)
    throw new HarnessError(`${anchor.dataset.id}: not the dataset that ${anchor.id} was run on`, {
      hint: "its photos or annotations have changed since; run both anew",
    });
  const { observer, signal, results } = context;
  const line = commandLine({ ...base, variants: variant, checkpoint });
  const { runs, stopped } = await runPlan({ plan, results, asPassed: line, observer, signal });
  if (stopped) throw new Stopped("stopped before the end", { hint: "the same command goes on from here" });
  return runs[0]!;
}

/**
 * Says which stored runs of the same variant have other weights, and how to name each: the variant's id means none of them.
 * Nothing where there is none.
 */
function storedWithOtherWeights(row: string, stored: readonly Manifest[], registry: Registry): string | undefined {
  const [id] = row.split(":");
  // A run of the variant's own weights is no other, though it may be on other data.
  const others = stored.filter(
    (run) => run.variant.id === id && (run.variant.name !== undefined || !isMeant(run, registry)),
  );
  if (others.length === 0) return undefined;
  const names = others.map((run) => `${run.variant.name === undefined ? run.id : rowName(run)} (${run.weights.label})`);
  return `stored here with other weights, to be compared by name: ${[...new Set(names)].join(", ")}`;
}

/** Writes the command line of `bench run` that makes the same run. */
function commandLine({ settings: _, ...flags }: RunFlags): string[] {
  return [
    "run",
    ...Object.entries(withValues(flags)).flatMap(([name, value]) =>
      [value].flat().flatMap((each) => [`--${name}`, String(each)]),
    ),
  ];
}

/**
 * Returns what the row of a file is called: as the user names it, else by the file's name and the variant that it fits. The
 * anchor's variant comes first among several.
 */
async function rowOfFile(
  { file, variant }: Extract<Operand, { kind: "file" }>,
  { registry }: OperandContext,
  anchor: Manifest | undefined,
): Promise<string> {
  if (variant !== undefined) return variant;
  return nameOfCheckpoint(await variantOfCheckpoint(file, registry, anchor?.variant.id), file, registry);
}

/** Returns the flags that make this run's plan again, for another variant or other weights. */
export function flagsOfRun(
  manifest: Manifest,
  { flags, plugins, registry }: Pick<OperandContext, "flags" | "plugins" | "registry">,
): RunFlags {
  const { plan, dataset, protocols, seed, runtime } = manifest;
  const images = plannedImages(manifest) ?? [];
  const latency = (plan.resolved.latency ?? {}) as Pick<RunFlags, "rounds" | "warmup">;
  const places = placesOf(dataset.fingerprint);
  const data = flags.data ?? places.data;
  const boxes = flags.boxes ?? places.boxes;
  const own = registry.datasets.get(dataset.id)?.own;
  return {
    dataset: dataset.id,
    prompts: Object.keys(protocols).join(","),
    image: images,
    seed,
    limit: own === "drawn" ? largest(images) : undefined,
    protocol: [...new Set(Object.values(protocols))].join(","),
    threads: runtime.threads,
    cpus: runtime.cpus,
    provider: runtime.provider,
    ...latency,
    data: data === undefined || own !== undefined ? undefined : data,
    boxes,
    "allow-overlap": manifest.overlap === undefined ? undefined : true,
    plugin: plugins,
    checkpoint: flags.checkpoint ?? [],
    "variant-files": flags["variant-files"] ?? [],
    input: flags.input,
    "onnx-names": flags["onnx-names"] ?? [],
    external: flags.external ?? [],
    python: flags.python,
  };
}
