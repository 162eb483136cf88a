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
import { prepare, toModelFrame } from "../image/prepare.ts";
import { loadPlugins, type RegisteredVariant, variantOf } from "../plan/plugins/registry.ts";
import { variantAtSide } from "../plan/point.ts";
import { withVariantFiles } from "../plan/variantFiles.ts";
import { answerRequests } from "../process/calls.ts";
import { boxPrompt } from "../prompts/timedBoxes.ts";
import { loadVariant } from "./authoredVariant.ts";
import { encoding } from "./encoding.ts";

/** Difference between a provider's outputs and the processor's: the largest absolute difference of a stage over the std. */
export interface ProviderError {
  readonly encode: number;
  /** Absent where the variant has no decoder graph: its masks come out of `encode`. */
  readonly decode?: number;
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
    readonly reply: ProviderError;
  };
}

export function serve(): void {
  let opened:
    | {
        readonly registered: RegisteredVariant;
        readonly variant: Variant;
        readonly threads: number;
        readonly batch: number | undefined;
      }
    | undefined;
  answerRequests<ProviderCalls>({
    async open({ setup }) {
      const registry = await withVariantFiles(await loadPlugins(setup.plugins), setup.variantFiles, setup.fileHints);
      const registered = variantAtSide(variantOf(registry, setup.variant), setup.sizes?.side);
      const variant = await loadVariant(registered, setup.graphs, setup.runtime);
      opened = { registered, variant, threads: setup.runtime.threads, batch: setup.sizes?.batch };
      return {};
    },
    async compare({ sample, cpuGraphs }) {
      if (opened === undefined) throw new Error("a call before open");
      const { registered, variant, threads, batch } = opened;
      const { preset } = registered;
      const found = await stageOutputs({ variant, preset, batch }, sample);
      await variant.close();
      const onCpu = await loadVariant(registered, cpuGraphs, { provider: "cpu", threads });
      return providerError(found, await stageOutputs({ variant: onCpu, preset, batch }, sample));
    },
  });
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
