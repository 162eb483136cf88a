import type {
  Geometry,
  GraphFiles,
  ImageEmbedding,
  NamedTensors,
  RawVariant,
  RuntimeOptions,
  Tensor,
  Variant,
} from "../../harness/api.ts";
import { areaOf } from "../../harness/mask/index.ts";
import { eachImage, openSession, type Session } from "../../harness/onnx/index.ts";
import { choose, type Everything } from "./choice.ts";
import { detect } from "./detections.ts";
import { masksOf } from "./masks.ts";

/** Loads FastSAM's network and runs it as FastSAM does. */
export async function loadFastSam(files: GraphFiles, runtime: RuntimeOptions): Promise<Variant> {
  const session = await openSession(encoderOf(files), runtime);
  return { ...fastSamOf((image) => run(session, image)), close: () => session.close() };
}

/**
 * Returns FastSAM on a network that gives `boxes`, `scores`, `coefficients` and `prototypes` of an image. The everything pass is
 * in `encode`, masks included: that is what FastSAM costs, whatever the prompts. The embedding's tensor holds the prototypes; the
 * masks go with the embedding object itself, which must come back as it was given.
 */
export function fastSamOf(network: (image: Tensor) => Promise<NamedTensors>): Omit<Variant, "close"> {
  const known = new WeakMap<ImageEmbedding, Everything>();
  const everythingOf = (embedding: ImageEmbedding): Everything => {
    const everything = known.get(embedding);
    if (everything === undefined) throw new Error("FastSAM: this embedding did not come from its encode");
    return everything;
  };
  const embeddingOf = (outputs: NamedTensors, geometry: Geometry): ImageEmbedding => {
    const embedding = { tensor: outputs.prototypes!, geometry };
    known.set(embedding, everythingIn(outputs, geometry));
    return embedding;
  };
  return {
    encode: async ({ tensor, geometry }) => embeddingOf(await network(tensor), geometry),
    async encodeBatch(images, geometries) {
      const outputs = eachImage(await network(images), geometries.length);
      return geometries.map((geometry, i) => embeddingOf(outputs[i]!, geometry));
    },
    decode: async (embedding, prompts) => prompts.map((prompt) => choose(everythingOf(embedding), prompt)),
    /** Returns masks at the image's size, most confident first, with the detections' confidences. */
    async everything(embedding) {
      const { masks, scores } = everythingOf(embedding);
      return { kind: "masks", masks, scores };
    },
  };
}

/** Returns all masks that have a pixel, most confident first: the predictor leaves the others out once all are made. */
export function everythingIn(outputs: NamedTensors, geometry: Geometry): Everything {
  const { prototypes, coefficients } = outputs;
  const detections = detect(outputs, geometry);
  const masks = masksOf(detections, { prototypes: prototypes!, coefficients: coefficients! }, geometry);
  const kept = masks.flatMap((mask, i) => (areaOf(mask) > 0 ? [{ mask, score: detections[i]!.score }] : []));
  return {
    masks: kept.map(({ mask }) => mask),
    scores: Float32Array.from(kept, ({ score }) => score),
    geometry,
  };
}

/** Loads FastSAM's network alone: it gives `boxes`, `scores`, `coefficients` and `prototypes`. */
export async function loadRawFastSam(files: GraphFiles, runtime: RuntimeOptions): Promise<RawVariant> {
  const session = await openSession(encoderOf(files), runtime);
  return { encode: (input) => run(session, input), close: () => session.close() };
}

function run(session: Session, image: Tensor): Promise<NamedTensors> {
  return session.run({ image });
}

function encoderOf(files: GraphFiles): string {
  const file = files.encoder;
  if (file === undefined) throw new Error("the variant wrote no graph named encoder");
  return file;
}
