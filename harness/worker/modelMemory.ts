import type { Box, ImageEmbedding, RgbImage, Variant, VariantManifest } from "../api.ts";
import type { ModelSetup } from "../build/setup.ts";
// Not by image/index.ts: that brings the codec, whose library is no part of a model's memory.
import { prepare, toModelFrame } from "../image/prepare.ts";
import { gpuMemoryBytes } from "../measure/gpu.ts";
import { peakDuring, processMemory } from "../measure/memory.ts";
import { withVariantFiles } from "../plan/models/variantFiles.ts";
import { loadPlugins, variantOf } from "../plan/plugins/registry.ts";
import { type PointSizes, variantAtSide } from "../plan/point.ts";
import { answerRequests } from "../process/calls.ts";
import { batchPrompts, boxPrompt } from "../prompts/timedBoxes.ts";
import { loadVariant, outputsHint } from "./authoredVariant.ts";
import { type OutputChecks, outputChecks } from "./outputChecks.ts";
import { encoding } from "./stages/encoding.ts";

export interface ModelCalls {
  open: { readonly request: { readonly setup: ModelSetup }; readonly reply: LoadedMemory };
  measure: { readonly request: { readonly photo: RgbImage; readonly box: Box }; readonly reply: StagesMemory };
}

/** Memory of the process while a model is loaded, in bytes; Node and the runtime are in all figures of this file. */
export interface LoadedMemory {
  /** Peak while the graphs were loaded. */
  readonly load: number;
  /** Resident memory after that. */
  readonly loaded: number;
}

/** Peaks while one photo is encoded and one box decoded; both include the photo. */
export interface StagesMemory {
  readonly encode: number;
  readonly decode: number;
  /** Memory on the GPU after loading, after an encode and after a decode; absent where the driver does not tell. */
  readonly gpu?: { readonly load: number; readonly encode: number; readonly decode: number };
}

export type MeasuredMemory = LoadedMemory & StagesMemory;

/** A variant that is loaded, with what its outputs are held against. */
export type OpenedModel = Pick<Stages, "variant" | "preset" | "checks" | "sizes">;

export function serve(): void {
  let opened: (OpenedModel & { gpuBytes(): number | undefined }) | undefined;
  answerRequests<ModelCalls>({
    async open({ setup }) {
      const memory = processMemory();
      const gpuBytes = () => (setup.runtime.provider === "cpu" ? undefined : gpuMemoryBytes());
      opened = { ...(await openModel(setup)), gpuBytes };
      return { load: memory.peakBytes(), loaded: memory.residentBytes() };
    },
    async measure(sample) {
      if (opened === undefined) throw new Error("a call before open");
      return measureStages({ ...opened, ...sample }, opened.gpuBytes);
    },
  });
}

/** Loads the variant of a setup in this process, and no other variant's code. */
export async function openModel(setup: ModelSetup): Promise<OpenedModel> {
  const registry = await withVariantFiles(await loadPlugins(setup.plugins), setup.variantFiles, setup.fileHints);
  const registered = variantAtSide(variantOf(registry, setup.variant), setup.sizes?.side);
  const { preset, file } = registered;
  const variant = await loadVariant(registered, setup.graphs, setup.runtime);
  const checks = outputChecks(preset, outputsHint(file, setup.graphs));
  return { variant, preset, checks, sizes: setup.sizes };
}

export interface Stages {
  readonly variant: Variant;
  readonly preset: VariantManifest;
  readonly photo: RgbImage;
  readonly box: Box;
  readonly checks: OutputChecks;
  /** Present for a point of a sweep. */
  readonly sizes?: PointSizes | undefined;
}

/** Measures the peaks while the photo is encoded and while the box is decoded, or as many of them as the sizes say. */
export async function measureStages(
  { variant, preset, photo, box, checks, sizes }: Stages,
  gpuBytes: () => number | undefined,
): Promise<StagesMemory> {
  const load = gpuBytes();
  const prepared = prepare(photo, preset.input);
  const encode = await peakDuring(encoding({ variant, preset, batch: sizes?.batch }, prepared));
  const encoded = gpuBytes();
  for (const each of encode.value) checks.embedding(each, prepared);
  const [embedding] = encode.value as [ImageEmbedding];
  const prompts = batchPrompts([toModelFrame(boxPrompt(box, preset), embedding.geometry)], sizes?.prompts ?? 1);
  const decode = await peakDuring(() => variant.decode(embedding, prompts));
  const decoded = gpuBytes();
  checks.predictions(decode.value, prompts.length, embedding.geometry);
  const peaks = { encode: encode.peakBytes, decode: decode.peakBytes };
  if (load === undefined || encoded === undefined || decoded === undefined) return peaks;
  return { ...peaks, gpu: { load, encode: encoded, decode: decoded } };
}
