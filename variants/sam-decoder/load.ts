import type {
  Geometry,
  GraphFiles,
  ImageEmbedding,
  KeptTokens,
  LookedAt,
  MaskPrediction,
  NamedTensors,
  Prompt,
  RawPrompts,
  RawVariant,
  RuntimeOptions,
  Tensor,
  Variant,
} from "../../harness/api.ts";
import { eachImage, openSession, type Session } from "../../harness/onnx/index.ts";
import { batchesOf, promptsACall } from "./batches.ts";
import { type PromptTokens, placeOnly, predictionOf, promptTensors, tokensOf } from "./prompts.ts";
import { decodeSifted, openSifted, type SiftedDecoder } from "./sifted.ts";

/** Rules by which a variant's decoder takes prompts and its outputs become predictions. */
interface DecoderCalls {
  tokensOf(prompt: Prompt<"model">): PromptTokens;
  /** Returns the i-th prompt's prediction, in memory of its own. */
  predictionOf(outputs: NamedTensors, i: number): MaskPrediction;
}

const samCalls: DecoderCalls = { tokensOf, predictionOf };

/** Holds the sessions of an encoder and its decoder; a decoder with a mask input is opened when a prompt brings a mask. */
export class DecoderGraphs {
  readonly #files: GraphFiles;
  readonly #runtime: RuntimeOptions;
  readonly #sessions = new Map<string, Promise<Session>>();
  #sifted: Promise<SiftedDecoder | undefined> | undefined;

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

  /** Returns the names of the encoder's outputs that the decoder takes besides `image_embedding`: they are skip connections. */
  async skipConnections(): Promise<readonly string[]> {
    const decoders = ["decoder-image", "decoder"].filter((name) => this.#files[name] !== undefined);
    const sessions = await Promise.all(decoders.map((name) => this.session(name)));
    const asked = new Set(sessions.flatMap(({ inputs }) => inputs));
    const { outputs } = await this.session("encoder");
    return outputs.filter((name) => name !== "image_embedding" && asked.has(name));
  }

  /**
   * Returns what the decoder takes besides prompts: what the encoder gave (reference), and what all prompts share of it. Graphs
   * are fed those of it that they have an input for.
   */
  async shared(encoded: NamedTensors): Promise<NamedTensors> {
    if (this.#files["decoder-image"] === undefined) return encoded;
    const graph = await this.session("decoder-image");
    return { ...encoded, ...(await graph.run(askedOf(encoded, graph))) };
  }

  async decode(shared: NamedTensors, prompts: NamedTensors): Promise<NamedTensors> {
    const decoder = await this.session("mask_input" in prompts ? "decoder-mask" : "decoder");
    return decoder.run({ ...askedOf(shared, decoder), ...prompts });
  }

  /**
   * Returns the decoder that makes the masks of some prompts alone. It is opened where a caller does not look at all masks; absent
   * where the decoder can not be sifted.
   */
  sifted(): Promise<SiftedDecoder | undefined> {
    this.#sifted ??= openSifted(this.#files.decoder!, this.#runtime);
    return this.#sifted;
  }

  async close(): Promise<void> {
    await (await this.#sifted)?.session.close();
    for (const session of this.#sessions.values()) await (await session).close();
  }
}

export function loadSam(files: GraphFiles, runtime: RuntimeOptions): Promise<Variant> {
  return loadWithPrompts(files, runtime, samCalls);
}

/** Loads an encoder and a decoder that has the inputs of SAM's. */
export async function loadWithPrompts(files: GraphFiles, runtime: RuntimeOptions, how: DecoderCalls): Promise<Variant> {
  const graphs = new DecoderGraphs(files, runtime);
  // Opened here, so that loading is not measured as part of the first image.
  for (const name of Object.keys(files)) if (name !== "decoder-mask") await graphs.session(name);
  const stages = (await graphs.session("encoder")).outputs.filter((name) => name.startsWith(keptTokensPrefix));
  const skips = await graphs.skipConnections();
  const shared = new WeakMap<ImageEmbedding, Promise<NamedTensors>>();
  const sharedOf = (embedding: ImageEmbedding) => {
    const { tensor, skipConnections } = embedding;
    const known = shared.get(embedding) ?? graphs.shared({ image_embedding: tensor, ...skipConnections });
    shared.set(embedding, known);
    return known;
  };
  return {
    async encode({ tensor, geometry }) {
      const outputs = await graphs.encode(tensor);
      const own = skips.filter((name) => isOfOneImage(outputs[name]!));
      const embedding = embeddingOf(outputs, own, geometry);
      // An encoder that is joined with the decoder's part for an image gives what prompts share: it goes with the embedding.
      if (own.length < skips.length) shared.set(embedding, Promise.resolve(outputs));
      return embedding;
    },
    async encodeBatch(images, geometries) {
      const encoded = eachImage(await graphs.encode(images), geometries.length);
      return geometries.map((geometry, i) => embeddingOf(encoded[i]!, skips, geometry));
    },
    keptTokens: stages.length === 0 ? undefined : async ({ tensor }) => keptTokensOf(await graphs.encode(tensor)),
    async decode(embedding, prompts, lookedAt) {
      const sifts = lookedAt !== undefined && (await graphs.sifted()) !== undefined;
      const most = promptsACall({ places: placesOf(embedding), provider: runtime.provider, sifts });
      const batches = batchesOf(prompts.map(how.tokensOf), { most, shapeOf });
      const image = await sharedOf(embedding);
      const predictions = new Array<MaskPrediction>(prompts.length);
      for (const batch of batches) {
        const tensors = promptTensors(batch.map(({ prompt }) => prompt));
        const decoded = await decodeBatch(graphs, { image, tensors, lookedAt }, how.predictionOf);
        for (const [i, { index }] of batch.entries()) predictions[index] = decoded[i]!;
      }
      return predictions;
    },
    close: () => graphs.close(),
  };
}

/** Returns the number of image tokens: an embedding is [1, width, rows, columns]. */
function placesOf({ tensor: { dims } }: ImageEmbedding): number {
  return dims[2]! * dims[3]!;
}

interface Batch {
  /** Holds what all prompts of the image share. */
  readonly image: NamedTensors;
  readonly tensors: NamedTensors;
  readonly lookedAt: LookedAt | undefined;
}

/** Decodes the prompts of one call, and makes only masks that are looked at where the decoder can be sifted. */
async function decodeBatch(
  graphs: DecoderGraphs,
  { image, tensors, lookedAt }: Batch,
  predictionOf: DecoderCalls["predictionOf"],
): Promise<readonly MaskPrediction[]> {
  const sifted = lookedAt === undefined || "mask_input" in tensors ? undefined : await graphs.sifted();
  if (sifted === undefined || lookedAt === undefined) {
    const outputs = await graphs.decode(image, tensors);
    const prompts = tensors.point_coords!.dims[0]!;
    return Array.from({ length: prompts }, (_, i) => predictionOf(outputs, i));
  }
  const feeds = { ...askedOf(image, sifted.session), ...tensors };
  return decodeSifted(sifted, { feeds, lookedAt }, predictionOf);
}

export async function loadRawSam(files: GraphFiles, runtime: RuntimeOptions): Promise<RawVariant> {
  const graphs = new DecoderGraphs(files, runtime);
  return {
    encode: (input) => graphs.encode(input),
    decode: async (encoded, prompts) => {
      const shared = await graphs.shared(encoded);
      return graphs.decode(shared, rawPromptTensors(prompts));
    },
    decodePrompts: async (encoded, prompts) =>
      graphs.decode(await graphs.shared(encoded), promptTensors(prompts.map(tokensOf))),
    close: () => graphs.close(),
  };
}

/** Returns the embedding with the skip connections of these names; other outputs of the encoder are not kept. */
function embeddingOf(outputs: NamedTensors, skips: readonly string[], geometry: Geometry): ImageEmbedding {
  return {
    tensor: outputs.image_embedding!,
    skipConnections: skips.length === 0 ? undefined : Object.fromEntries(skips.map((name) => [name, outputs[name]!])),
    geometry,
  };
}

/** Returns whether a tensor is a skip connection, which says by its first dimension that it belongs to one image. */
function isOfOneImage({ dims }: Tensor): boolean {
  return dims[0] === 1;
}

/** Returns those of the tensors that a graph has an input for, since the runtime refuses any other. */
function askedOf(tensors: NamedTensors, { inputs }: Session): NamedTensors {
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => inputs.includes(name)));
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

/** Returns the prompts of a fixture as inputs of SAM's decoder. */
export function rawPromptTensors({ points, labels, maskInput }: RawPrompts): NamedTensors {
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
