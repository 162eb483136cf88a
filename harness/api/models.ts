import type { Geometry, ModelInput } from "./frames.ts";
import type { Rle, Tensor } from "./pixels.ts";
import type { Prompt } from "./prompts.ts";

/** Maps a graph's name to the path of its .onnx file. */
export type GraphFiles = Readonly<Record<string, string>>;

export interface RuntimeOptions {
  readonly provider: string;
  readonly threads: number;
  /** A folder for ONNX Runtime's profile and the graph that it ran; without it, nothing is profiled. */
  readonly profile?: string;
  /** A folder for ONNX Runtime's profile alone: the graph that it ran is not written. */
  readonly trace?: string;
  /** Says how far ONNX Runtime optimises a graph when its session is created; `all` where it is left out. */
  readonly optimisation?: "disabled" | "basic" | "extended" | "all";
}

/** The output of an encoder, which its decoder takes. */
export interface ImageEmbedding {
  /** [1, channels, rows, columns] */
  readonly tensor: Tensor;
  /**
   * What the decoder takes of the encoder's earlier layers besides: [1, …] each, by the names of the graphs' inputs. Absent for a
   * decoder that takes the embedding alone, as SAM's does.
   */
  readonly skipConnections?: NamedTensors;
  readonly geometry: Geometry;
}

/** A prediction holds low-res logits, or masks at image size (FastSAM), with a predicted IoU for each mask. */
export type MaskPrediction =
  | {
      readonly kind: "logits";
      /** [tokens, side, side]; token 0 is the single-mask token where the variant has one. */
      readonly lowResLogits: Tensor;
      /** One a token. */
      readonly predictedIou: Float32Array;
    }
  | { readonly kind: "masks"; readonly masks: readonly Rle[]; readonly scores: Float32Array }
  /**
   * Present for a PhotoVariant, and for a prompt none of whose masks is looked at: it holds only the tokens of the set that was
   * asked for, by the decoder's numbers, with one predicted IoU a token.
   */
  | { readonly kind: "tokens"; readonly tokens: readonly number[]; readonly predictedIou: Float32Array };

/** Says which tokens one part of an encoder worked on; the others passed it unchanged, or by a cheaper way. */
export interface KeptTokens {
  /** Name of the part, as a reader knows it: "blocks 3-4". */
  readonly stage: string;
  /** [rows, columns] over the model frame: 1 for a token that was kept, 0 for one that was not. */
  readonly tokens: Tensor;
}

/** Says which masks of a prompt are looked at. */
export interface LookedAt {
  /** The first token whose mask is looked at: the masks of those before it are not, however sure the model is of them. */
  readonly firstToken: number;
  /** A mask of a lower predicted IoU is not looked at. */
  readonly leastPredictedIou: number;
}

export interface Variant {
  encode(input: ModelInput): Promise<ImageEmbedding>;
  /**
   * Encodes several images of one shape in one call, by graphs that were built for so many; returns an embedding for each.
   * `images` is [images, 3, side, side]. Absent where the plug-in encodes one image at a time.
   */
  encodeBatch?(images: Tensor, geometries: readonly Geometry[]): Promise<readonly ImageEmbedding[]>;
  /**
   * Returns the tokens that each part of the encoder kept. Only an encoder that spends less on simple images has this
   * function.
   */
  keptTokens?(input: ModelInput): Promise<readonly KeptTokens[]>;
  /**
   * Decodes prompts of one shape as one batch. Prompts of unequal length are grouped, never padded to match. A prompt none of
   * whose masks is looked at may have a prediction of kind "tokens", which names the others by their predicted IoU and has no
   * logits; without `lookedAt` every mask is looked at.
   */
  decode(
    embedding: ImageEmbedding,
    prompts: readonly Prompt<"model">[],
    lookedAt?: LookedAt,
  ): Promise<readonly MaskPrediction[]>;
  /** Returns all masks of the image without a prompt, each a token. Presets with `everything` have this function. */
  everything?(embedding: ImageEmbedding): Promise<MaskPrediction>;
  close(): Promise<void>;
}

/** Facts that a floor may use about the annotations of the run's images; they are part of the run's identity. */
export interface AnnotationFacts {
  /** Mean of mask area / image area over the annotations, crowds left out. Absent where no prompt of the run is a point. */
  readonly meanMaskShare?: number;
}

/**
 * Prompts that `bench verify` feeds: coordinates and labels exactly as given, padding points (-1) and box corners (2, 3)
 * included.
 */
export interface RawPrompts {
  /** [prompts][points][x, y] in the model frame */
  readonly points: readonly (readonly (readonly [number, number])[])[];
  readonly labels: readonly (readonly number[])[];
  /** [prompts, 1, side, side] */
  readonly maskInput?: Tensor;
}

/** Output tensors by the names that the fixtures give them. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** Runs the graphs alone, for verification: nothing is prepared before them and nothing chosen after. */
export interface RawVariant {
  /** `input` is [1, 3, side, side], as the network takes it. */
  encode(input: Tensor): Promise<NamedTensors>;
  /** Absent where the variant has no decoder graph. */
  decode?(encoded: NamedTensors, prompts: RawPrompts): Promise<NamedTensors>;
  /**
   * Decodes prompts of one shape as `Variant.decode` does, for a calibration that looks at inner values. Absent where the variant
   * has no decoder graph.
   */
  decodePrompts?(encoded: NamedTensors, prompts: readonly Prompt<"model">[]): Promise<NamedTensors>;
  close(): Promise<void>;
}
