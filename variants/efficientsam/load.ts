import type {
  GraphFiles,
  ImageEmbedding,
  MaskPrediction,
  NamedTensors,
  Prompt,
  RawPrompts,
  RawVariant,
  RuntimeOptions,
  Tensor,
  Variant,
} from "../../harness/api.ts";
import { openSession } from "../../harness/onnx/index.ts";
import { predictionOf } from "../sam-decoder/prompts.ts";
import { type PromptPoints, pointsOf, promptTensors } from "./prompts.ts";

const defaults = {
  /** Prompts in one decoder call: more of them take more memory, and no less time each. */
  promptsACall: 8,
};

/** The graphs, open: `encode` gives the image embedding, `shared` what all prompts take of it, `decode` the batch's outputs. */
async function openGraphs(files: GraphFiles, runtime: RuntimeOptions) {
  const open = (name: string) => {
    const file = files[name];
    if (file === undefined) throw new Error(`the variant wrote no graph named ${name}`);
    return openSession(file, runtime);
  };
  const encoder = await open("encoder");
  const decoder = await open("decoder");
  // The reference decoder takes the embedding as it is.
  const image = files["decoder-image"] === undefined ? undefined : await open("decoder-image");
  return {
    encode: async (input: Tensor) => (await encoder.run({ image: input })).image_embedding!,
    shared: async (embedding: Tensor): Promise<NamedTensors> =>
      image === undefined ? { image_embedding: embedding } : image.run({ image_embedding: embedding }),
    decode: (shared: NamedTensors, prompts: NamedTensors): Promise<NamedTensors> =>
      decoder.run({ ...shared, ...prompts }),
    async close() {
      for (const session of [encoder, decoder, image]) await session?.close();
    },
  };
}

export async function loadEfficientSam(files: GraphFiles, runtime: RuntimeOptions): Promise<Variant> {
  const graphs = await openGraphs(files, runtime);
  const shared = new WeakMap<ImageEmbedding, Promise<NamedTensors>>();
  const sharedOf = (embedding: ImageEmbedding) => {
    const known = shared.get(embedding) ?? graphs.shared(embedding.tensor);
    shared.set(embedding, known);
    return known;
  };
  return {
    encode: async ({ tensor, geometry }) => ({ tensor: await graphs.encode(tensor), geometry }),
    async decode(embedding, prompts) {
      const numbered = batches(prompts);
      const image = await sharedOf(embedding);
      const predictions = new Array<MaskPrediction>(prompts.length);
      for (const batch of numbered) {
        const outputs = await graphs.decode(image, promptTensors(batch.map(({ points }) => points)));
        for (const [i, { index }] of batch.entries()) predictions[index] = predictionOf(outputs, i);
      }
      return predictions;
    },
    close: () => graphs.close(),
  };
}

export async function loadRawEfficientSam(files: GraphFiles, runtime: RuntimeOptions): Promise<RawVariant> {
  const graphs = await openGraphs(files, runtime);
  return {
    encode: async (input) => ({ image_embedding: await graphs.encode(input) }),
    decode: async (encoded, prompts) => {
      const outputs = await graphs.decode(await graphs.shared(encoded.image_embedding!), rawTensors(prompts));
      const { dims, data } = outputs.low_res_masks!;
      // The authors' code has the images of a batch before their prompts.
      return { ...outputs, low_res_masks: { dims: [1, ...dims], data } };
    },
    close: () => graphs.close(),
  };
}

interface Numbered {
  readonly index: number;
  readonly points: PromptPoints;
}

/** Prompts of one length, at most `promptsACall` at once: the model fills all up to six points, but only within a batch's shape. */
function batches(prompts: readonly Prompt<"model">[]): Numbered[][] {
  const groups = new Map<number, Numbered[]>();
  for (const [index, prompt] of prompts.entries()) {
    const points = pointsOf(prompt);
    const group = groups.get(points.labels.length);
    if (group === undefined) groups.set(points.labels.length, [{ index, points }]);
    else group.push({ index, points });
  }
  return [...groups.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / defaults.promptsACall) }, (_, i) =>
      group.slice(i * defaults.promptsACall, (i + 1) * defaults.promptsACall),
    ),
  );
}

function rawTensors({ points, labels, maskInput }: RawPrompts): NamedTensors {
  if (maskInput !== undefined) throw new Error("EfficientSAM has no mask input");
  return promptTensors(points.map((places, i) => ({ coordinates: places.flat(), labels: labels[i]! })));
}
