import type {
  GraphFiles,
  ImageEmbedding,
  KeptTokens,
  MaskPrediction,
  NamedTensors,
  Prompt,
  RawPrompts,
  RawVariant,
  RuntimeOptions,
  Tensor,
  Variant,
} from "../../harness/api.ts";
import { openSession, type Session } from "../../harness/onnx/index.ts";
import { batchesOf } from "./batches.ts";
import { placeOnly } from "./promptEncoder.ts";
import { type PromptTokens, predictionOf, promptTensors, tokensOf } from "./prompts.ts";

/** Rules by which a variant's decoder takes prompts. */
interface DecoderPrompts {
  /** Prompts in one decoder call. */
  readonly promptsACall: number;
  tokensOf(prompt: Prompt<"model">): PromptTokens;
}

/** SAM's own generator takes 64 prompts a call, and memory grows by 40 MB a prompt. */
const samPrompts: DecoderPrompts = { promptsACall: 64, tokensOf };

/** Holds the sessions of an encoder and its decoder; a decoder with a mask input is opened when a prompt brings a mask. */
export class DecoderGraphs {
  readonly #files: GraphFiles;
  readonly #runtime: RuntimeOptions;
  readonly #sessions = new Map<string, Promise<Session>>();

  constructor(files: GraphFiles, runtime: RuntimeOptions) {
    this.#files = files;
    this.#runtime = runtime;
  }

  session(name: string): Promise<Session> {
    const known = this.#sessions.get(name);
    if (known !== undefined) return known;
    const file = this.#files[name];
    if (file === undefined) throw new Error(`the variant wrote no graph named ${name}`);
    const opened = openSession(file, this.#runtime);
    this.#sessions.set(name, opened);
    return opened;
  }

  async encode(image: Tensor): Promise<NamedTensors> {
    const encoder = await this.session("encoder");
    return encoder.run({ image });
  }

  /** Returns what the decoder takes besides prompts: the embedding itself (reference), or what all prompts share of it. */
  async shared(embedding: Tensor): Promise<NamedTensors> {
    if (this.#files["decoder-image"] === undefined) return { image_embedding: embedding };
    return (await this.session("decoder-image")).run({ image_embedding: embedding });
  }

  async decode(shared: NamedTensors, prompts: NamedTensors): Promise<NamedTensors> {
    const decoder = await this.session("mask_input" in prompts ? "decoder-mask" : "decoder");
    return decoder.run({ ...shared, ...prompts });
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).close();
  }
}

export function loadSam(files: GraphFiles, runtime: RuntimeOptions): Promise<Variant> {
  return loadWithPrompts(files, runtime, samPrompts);
}

/** Loads an encoder and a decoder that has the inputs and outputs of SAM's. */
export async function loadWithPrompts(
  files: GraphFiles,
  runtime: RuntimeOptions,
  how: DecoderPrompts,
): Promise<Variant> {
  const graphs = new DecoderGraphs(files, runtime);
  // Opened here, so that loading is not measured as part of the first image.
  for (const name of Object.keys(files)) if (name !== "decoder-mask") await graphs.session(name);
  const stages = (await graphs.session("encoder")).outputs.filter((name) => name.startsWith(keptTokensPrefix));
  const shared = new WeakMap<ImageEmbedding, Promise<NamedTensors>>();
  const sharedOf = (embedding: ImageEmbedding) => {
    const known = shared.get(embedding) ?? graphs.shared(embedding.tensor);
    shared.set(embedding, known);
    return known;
  };
  return {
    encode: async ({ tensor, geometry }) => ({ tensor: (await graphs.encode(tensor)).image_embedding!, geometry }),
    keptTokens: stages.length === 0 ? undefined : async ({ tensor }) => keptTokensOf(await graphs.encode(tensor)),
    async decode(embedding, prompts) {
      const batches = batchesOf(prompts.map(how.tokensOf), { most: how.promptsACall, shapeOf });
      const image = await sharedOf(embedding);
      const predictions = new Array<MaskPrediction>(prompts.length);
      for (const batch of batches) {
        const outputs = await graphs.decode(image, promptTensors(batch.map(({ prompt }) => prompt)));
        for (const [i, { index }] of batch.entries()) predictions[index] = predictionOf(outputs, i);
      }
      return predictions;
    },
    close: () => graphs.close(),
  };
}

export async function loadRawSam(files: GraphFiles, runtime: RuntimeOptions): Promise<RawVariant> {
  const graphs = new DecoderGraphs(files, runtime);
  return {
    encode: (input) => graphs.encode(input),
    decode: async (encoded, prompts) => {
      const shared = await graphs.shared(encoded.image_embedding!);
      return graphs.decode(shared, rawPromptTensors(prompts));
    },
    close: () => graphs.close(),
  };
}

/**
 * An encoder that keeps only some tokens has one more output for each part that does: this and the part's name, [rows, columns],
 * 1 for a kept token.
 */
export const keptTokensPrefix = "kept_tokens.";

function keptTokensOf(outputs: NamedTensors): readonly KeptTokens[] {
  return Object.entries(outputs).flatMap(([name, tokens]) =>
    name.startsWith(keptTokensPrefix) ? [{ stage: name.slice(keptTokensPrefix.length), tokens }] : [],
  );
}

/** Prompts of one length go into one batch, those with a mask and those without apart. */
function shapeOf({ labels, mask }: PromptTokens): string {
  return `${labels.length} ${mask === undefined ? "" : "mask"}`;
}

function rawPromptTensors({ points, labels, maskInput }: RawPrompts): NamedTensors {
  const prompts = points.length;
  const length = points[0]!.length;
  const tensors = {
    point_coords: { dims: [prompts, length, 2], data: Float32Array.from(points.flat(2)) },
    point_labels: {
      dims: [prompts, length],
      data: Float32Array.from(labels.flat(), (label) => (label >= 2 ? placeOnly : label)),
    },
  };
  return maskInput === undefined ? tensors : { ...tensors, mask_input: maskInput };
}
