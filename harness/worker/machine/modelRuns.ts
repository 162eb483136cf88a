import type { Box, GraphFiles, ModelInput, Prompt, RgbImage, Variant, VariantManifest } from "../../api.ts";
import type { ModelSetup } from "../../build/setup.ts";
// Not by image/index.ts: that brings the codec, which is no part of a model.
import { prepare, toModelFrame } from "../../image/prepare.ts";
import { timed, timedSync } from "../../measure/clock.ts";
import { dropFromCache, readThrough } from "../../measure/machine/fileCache.ts";
import { graphFilesOf } from "../../onnx/files/graphFiles.ts";
import { providers } from "../../onnx/index.ts";
import { withVariantFiles } from "../../plan/models/variantFiles.ts";
import { loadPlugins, type RegisteredVariant, variantOf } from "../../plan/plugins/registry.ts";
import { answerRequests } from "../../process/calls.ts";
import { boxPrompt } from "../../prompts/timedBoxes.ts";
import { loadVariant, outputsHint } from "../authoredVariant.ts";
import { type OutputChecks, outputChecks } from "../outputChecks.ts";

/** Calls of a process whose model is loaded and run once, and then as often as is asked. */
export interface ModelRunCalls {
  open: { readonly request: { readonly setup: ModelSetup }; readonly reply: TimedLoad };
  /** Takes the photo and the box through the model for the first time. */
  first: { readonly request: { readonly photo: RgbImage; readonly box: Box }; readonly reply: TimedRun };
  /** Does the same again until so many ms have passed. */
  repeat: { readonly request: { readonly leastMs: number }; readonly reply: Repeated };
}

/** Times in ms from a process without a runtime to one whose sessions are open. */
export interface TimedLoad {
  /** Time until the runtime's library is loaded. */
  readonly libraryMs: number;
  /** Time to read the graphs' files, external data among them, from the system's file cache. */
  readonly readMs: number;
  /** The same where the cache has nothing of them; absent where they could not be dropped from it. */
  readonly coldReadMs?: number | undefined;
  /** The reason for that. */
  readonly stayed?: string | undefined;
  /** Time in which all sessions are created. */
  readonly createMs: number;
}

export interface TimedRun {
  readonly encodeMs: number;
  readonly decodeMs: number;
}

/** Says how many images were encoded and prompted with one box each, one after the other, and how long that took. */
export interface Repeated {
  readonly images: number;
  readonly durationMs: number;
}

/** A model with its input, which is prepared once. */
interface Held {
  readonly variant: Variant;
  readonly preset: VariantManifest;
  readonly checks: OutputChecks;
  sample?: { readonly input: ModelInput; readonly prompt: Prompt<"model"> };
}

export function serve(): void {
  let held: Held | undefined;
  const opened = (): Held => {
    if (held === undefined) throw new Error("a call before open");
    return held;
  };
  answerRequests<ModelRunCalls>({
    async open({ setup }) {
      const registry = await withVariantFiles(await loadPlugins(setup.plugins), setup.variantFiles, setup.fileHints);
      const registered = variantOf(registry, setup.variant);
      const { variant, ...times } = await timedLoad(registered, setup);
      const checks = outputChecks(registered.preset, outputsHint(registered.file, setup.graphs));
      held = { variant, preset: registered.preset, checks };
      return times;
    },
    first: ({ photo, box }) => firstRun(opened(), photo, box),
    repeat: ({ leastMs }) => repeated(opened(), leastMs),
  });
}

/** Loads the runtime, reads the files and creates the sessions, each timed by itself. */
async function timedLoad(
  registered: RegisteredVariant,
  { graphs, runtime }: ModelSetup,
): Promise<TimedLoad & { readonly variant: Variant }> {
  const files = filesOf(graphs);
  const library = timedSync(() => providers());
  const stayed = dropFromCache(files);
  const cold = timedSync(() => readThrough(files));
  const warm = timedSync(() => readThrough(files));
  const created = await timed(() => loadVariant(registered, graphs, runtime));
  return {
    variant: created.value,
    libraryMs: library.durationMs,
    readMs: warm.durationMs,
    coldReadMs: stayed === undefined ? cold.durationMs : undefined,
    stayed,
    createMs: created.durationMs,
  };
}

/** Returns the files of the graphs and those that hold their tensors, each once. */
export function filesOf(graphs: GraphFiles): readonly string[] {
  return [...new Set(Object.values(graphs).flatMap(graphFilesOf))];
}

async function firstRun(held: Held, photo: RgbImage, box: Box): Promise<TimedRun> {
  const { variant, preset, checks } = held;
  const input = prepare(photo, preset.input);
  const encoded = await timed(() => variant.encode(input));
  checks.embedding(encoded.value, input);
  const prompt = toModelFrame(boxPrompt(box, preset), encoded.value.geometry);
  held.sample = { input, prompt };
  const decoded = await timed(() => variant.decode(encoded.value, [prompt]));
  checks.predictions(decoded.value, 1, encoded.value.geometry);
  return { encodeMs: encoded.durationMs, decodeMs: decoded.durationMs };
}

async function repeated({ variant, sample }: Held, leastMs: number): Promise<Repeated> {
  if (sample === undefined) throw new Error("a call before first");
  let images = 0;
  const { durationMs } = await timed(async () => {
    const until = performance.now() + leastMs;
    do {
      const embedding = await variant.encode(sample.input);
      await variant.decode(embedding, [sample.prompt]);
      images++;
    } while (performance.now() < until);
  });
  return { images, durationMs };
}
