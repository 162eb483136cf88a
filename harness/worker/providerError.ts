import type {
  Box,
  GraphFiles,
  ImageEmbedding,
  MaskPrediction,
  RgbImage,
  Tensor,
  Variant,
  VariantManifest,
} from "../api.ts";
import type { ModelSetup } from "../build/setup.ts";
import { HarnessError } from "../errors.ts";
import { prepare, toModelFrame } from "../image/prepare.ts";
import { timed } from "../measure/clock.ts";
import { buildsEngines } from "../onnx/index.ts";
import { type Assignment, assignmentOf } from "../onnx/trace/assignment.ts";
import { traceFiles } from "../onnx/trace/files.ts";
import { readRuns, type TracedRun } from "../onnx/trace/trace.ts";
import { loadPlugins, type RegisteredVariant, variantOf } from "../plan/plugins/registry.ts";
import { variantAtSide } from "../plan/point.ts";
import { withVariantFiles } from "../plan/variantFiles.ts";
import { answerRequests } from "../process/calls.ts";
import { boxPrompt } from "../prompts/timedBoxes.ts";
import { processor } from "../store/rowName.ts";
import { loadVariant } from "./authoredVariant.ts";
import { encoding } from "./encoding.ts";

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
}

interface ProviderSample {
  readonly photo: RgbImage;
  readonly boxes: readonly Box[];
}

export interface ProviderCalls {
  open: { readonly request: { readonly setup: ModelSetup }; readonly reply: object };
  /** Compares both; `cpuGraphs` are those that the processor would run. */
  compare: {
    readonly request: { readonly sample: ProviderSample; readonly cpuGraphs: GraphFiles };
    readonly reply: ProviderFindings;
  };
}

export function serve(): void {
  let opened: Opened | undefined;
  answerRequests<ProviderCalls>({
    async open({ setup }) {
      const registry = await withVariantFiles(await loadPlugins(setup.plugins), setup.variantFiles, setup.fileHints);
      const registered = variantAtSide(variantOf(registry, setup.variant), setup.sizes?.side);
      const opening = await openingTimes(registered, setup);
      const variant = await loadVariant(registered, setup.graphs, setup.runtime);
      opened = { registered, variant, setup, opening };
      return {};
    },
    async compare({ sample, cpuGraphs }) {
      if (opened === undefined) throw new Error("a call before open");
      const { registered, variant, setup, opening } = opened;
      const { preset } = registered;
      const batch = setup.sizes?.batch;
      const first = await timed(() => stageOutputs({ variant, preset, batch }, sample));
      // The first run compiles kernels: a second one shows where the time goes, unless it takes long.
      if (first.durationMs < defaults.againMs) await stageOutputs({ variant, preset, batch }, sample);
      await variant.close();
      const onCpu = await loadVariant(registered, cpuGraphs, { provider: processor, threads: setup.runtime.threads });
      const expected = await stageOutputs({ variant: onCpu, preset, batch }, sample);
      return { error: providerError(first.value, expected), assignments: assignmentsOf(setup), opening };
    },
  });
}

const defaults = {
  /** A run that takes longer, ms, is not repeated. */
  againMs: 10_000,
};

interface Opened {
  readonly registered: RegisteredVariant;
  readonly variant: Variant;
  readonly setup: ModelSetup;
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

/** Outputs by stage: they are those of one image and its boxes. */
interface StageOutputs {
  readonly encode: readonly Tensor["data"][];
  readonly decode: readonly Tensor["data"][];
}

interface Compared {
  readonly variant: Variant;
  readonly preset: VariantManifest;
  /** Images in one call of the encoder, of which the first is compared; 1 if left out. */
  readonly batch?: number | undefined;
}

/**
 * Runs one image and its boxes. The values of all prompts are one output: the std is over all of them. Each skip connection is an
 * output of the encoder, as the embedding is.
 */
export async function stageOutputs(
  { variant, preset, batch }: Compared,
  { photo, boxes }: ProviderSample,
): Promise<StageOutputs> {
  const [embedding] = (await encoding({ variant, preset, batch }, prepare(photo, preset.input))()) as [ImageEmbedding];
  const prompts = boxes.map((box) => toModelFrame(boxPrompt(box, preset), embedding.geometry));
  const predictions = await variant.decode(embedding, prompts);
  const encode = [embedding.tensor, ...Object.values(embedding.skipConnections ?? {})].map(({ data }) => data);
  const logits = predictions.filter(
    (each): each is Extract<MaskPrediction, { kind: "logits" }> => each.kind === "logits",
  );
  if (logits.length > 0)
    return {
      encode,
      decode: [
        joined(logits.map(({ lowResLogits }) => lowResLogits.data)),
        joined(logits.map(({ predictedIou }) => predictedIou)),
      ],
    };
  const everything = await variant.everything?.(embedding);
  return { encode: everything?.kind === "masks" ? [...encode, everything.scores] : encode, decode: [] };
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

function joined(arrays: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(arrays.reduce((length, each) => length + each.length, 0));
  let at = 0;
  for (const each of arrays) {
    whole.set(each, at);
    at += each.length;
  }
  return whole;
}
