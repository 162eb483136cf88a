import type { GraphFiles, Variant } from "../api.ts";
import type { ModelSetup } from "../build/setup.ts";
import { HarnessError } from "../errors.ts";
import { timed } from "../measure/clock.ts";
import { buildsEngines } from "../onnx/index.ts";
import { type Assignment, assignmentOf } from "../onnx/trace/assignment.ts";
import { traceFiles } from "../onnx/trace/files.ts";
import { readRuns, type TracedRun } from "../onnx/trace/trace.ts";
import { withVariantFiles } from "../plan/models/variantFiles.ts";
import { loadPlugins, type RegisteredVariant, variantOf } from "../plan/plugins/registry.ts";
import { variantAtSide } from "../plan/point.ts";
import { answerRequests } from "../process/calls.ts";
import { processor } from "../store/rowName.ts";
import { loadVariant } from "./authoredVariant.ts";
import { type StageOutputs, stageOutputs } from "./stages/stageOutputs.ts";
import type { BoxedPhoto } from "./stages/timedStages.ts";
import { type OpenedPage, openPage } from "./web/open.ts";
import { firstMask, type PageFindings, pageOutputs } from "./web/pageOutputs.ts";

/** Difference between a provider's outputs and the processor's: the largest absolute difference of a stage over the std. */
export interface ProviderError {
  readonly encode: number;
  /** Absent where the variant has no decoder graph: its masks come out of `encode`. */
  readonly decode?: number;
}

/** Holds what a process finds out about a provider: its error, and which nodes ran elsewhere. */
export interface ProviderFindings {
  readonly error: ProviderError;
  /** One for each graph that ran; empty where the runtime wrote no profile that could be read. */
  readonly assignments: readonly Assignment[];
  /**
   * Times in which the graphs were opened, ms; present where the provider builds engines of them. The first one holds the building,
   * unless the engines were kept from before.
   */
  readonly opening?: { readonly firstMs: number; readonly againMs: number } | undefined;
  /** Present where a page of a browser computed. */
  readonly page?: PageFindings | undefined;
}

export interface ProviderCalls {
  open: { readonly request: { readonly setup: ModelSetup }; readonly reply: object };
  /** Compares both; `cpuGraphs` are those that the processor would run. */
  compare: {
    readonly request: { readonly sample: BoxedPhoto; readonly cpuGraphs: GraphFiles };
    readonly reply: ProviderFindings;
  };
}

export function serve(): void {
  let opened: Opened | OpenedInPage | undefined;
  answerRequests<ProviderCalls>({
    async open({ setup }) {
      const registry = await withVariantFiles(await loadPlugins(setup.plugins), setup.variantFiles, setup.fileHints);
      const registered = variantAtSide(variantOf(registry, setup.variant), setup.sizes?.side);
      if (setup.page !== undefined) {
        const page = await openPage(setup.page, setup.graphs);
        opened = { registered, setup, page };
        return {};
      }
      const opening = await openingTimes(registered, setup);
      const variant = await loadVariant(registered, setup.graphs, setup.runtime);
      opened = { registered, variant, setup, opening };
      return {};
    },
    async compare({ sample, cpuGraphs }) {
      if (opened === undefined) throw new Error("a call before open");
      if ("page" in opened) return comparePage(opened, sample, cpuGraphs);
      const { registered, variant, setup, opening } = opened;
      const { preset } = registered;
      const batch = setup.sizes?.batch;
      const first = await timed(() => stageOutputs({ variant, preset, batch }, sample));
      // The first run compiles kernels: a second one shows where the time goes, unless it takes long.
      if (first.durationMs < defaults.againMs) await stageOutputs({ variant, preset, batch }, sample);
      await variant.close();
      const expected = await outputsOnProcessor(opened, sample, cpuGraphs);
      return { error: providerError(first.value, expected), assignments: assignmentsOf(setup), opening };
    },
  });
}

const defaults = {
  /** A run that takes longer, ms, is not repeated. */
  againMs: 10_000,
};

interface Held {
  readonly registered: RegisteredVariant;
  readonly setup: ModelSetup;
}

interface OpenedInPage extends Held {
  readonly page: OpenedPage;
}

/** Compares a page with the processor, and closes it; its first mask is timed before that. */
async function comparePage(held: OpenedInPage, sample: BoxedPhoto, cpuGraphs: GraphFiles): Promise<ProviderFindings> {
  const { page } = held;
  try {
    const findings = await firstMask(page, sample);
    const found = await pageOutputs(page, sample);
    const expected = await outputsOnProcessor(held, sample, cpuGraphs);
    return { error: providerError(found, expected), assignments: [], page: findings };
  } finally {
    await page.link.close();
  }
}

async function outputsOnProcessor(
  { registered, setup: { runtime, sizes } }: Held,
  sample: BoxedPhoto,
  cpuGraphs: GraphFiles,
): Promise<StageOutputs> {
  const variant = await loadVariant(registered, cpuGraphs, { provider: processor, threads: runtime.threads });
  return stageOutputs({ variant, preset: registered.preset, batch: sizes?.batch }, sample);
}

interface Opened extends Held {
  readonly variant: Variant;
  readonly opening: ProviderFindings["opening"];
}

/** Opens the graphs twice and closes them again, where the provider builds engines; the time of the first holds the building. */
async function openingTimes(
  registered: RegisteredVariant,
  { graphs, runtime }: ModelSetup,
): Promise<ProviderFindings["opening"]> {
  if (!buildsEngines(runtime.provider)) return undefined;
  const open = async () => (await loadVariant(registered, graphs, { ...runtime, trace: undefined })).close();
  const first = await timed(open);
  const again = await timed(open);
  return { firstMs: first.durationMs, againMs: again.durationMs };
}

/** Returns which provider ran what in the last run of each graph. A profile that can not be read leaves its graph out. */
function assignmentsOf({ graphs, runtime: { provider, trace } }: ModelSetup): readonly Assignment[] {
  if (trace === undefined) return [];
  return Object.entries(graphs).flatMap(([graph, file]) => {
    const [found] = traceFiles(trace, file);
    const run = found === undefined ? undefined : lastRun(found);
    return run === undefined ? [] : [assignmentOf(graph, provider, run)];
  });
}

function lastRun(file: string): TracedRun | undefined {
  try {
    return readRuns(file).at(-1);
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}

export function providerError(found: StageOutputs, expected: StageOutputs): ProviderError {
  const worst = (stage: keyof StageOutputs) =>
    Math.max(...expected[stage].map((values, i) => differenceOverStd(found[stage][i]!, values)));
  return { encode: worst("encode"), decode: expected.decode.length === 0 ? undefined : worst("decode") };
}

/**
 * Returns the largest absolute difference over the std of the expected values. It is infinite where the count of values differs,
 * where a value is no number, and where values differ from a constant.
 */
function differenceOverStd(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let sum = 0;
  let squares = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const value = expected[i]!;
    const difference = Math.abs(found[i]! - value);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    sum += value;
    squares += value * value;
    largest = Math.max(largest, difference);
  }
  const mean = sum / expected.length;
  return largest === 0 ? 0 : largest / Math.sqrt(Math.max(squares / expected.length - mean ** 2, 0));
}
