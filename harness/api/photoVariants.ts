import type { Geometry } from "./frames.ts";
import type { RgbImage, Rle, Tensor } from "./pixels.ts";
import type { Prompt } from "./prompts.ts";

/** All multimask tokens, or the single-mask token alone: what a decoder is asked for, computes once and is timed by. */
export type TokenSet = "multimask" | "single";

/**
 * A second kind of variant: it takes photos and prompts in the image frame, and preparing, placing prompts and mostly also
 * upscaling are its own. Its own clock times them.
 */
export interface PhotoVariant {
  /** Prepares and encodes a photo. Prompts are about the photo that was set last. */
  setImage(photo: RgbImage): Promise<PhotoTimes>;
  /** One prediction a prompt, in their order. */
  decode(prompts: readonly Prompt<"image">[], request: DecodeRequest): Promise<PhotoAnswer>;
  close(): Promise<void>;
}

export interface PhotoTimes {
  readonly prepareMs: number;
  readonly encodeMs: number;
}

export interface DecodeRequest {
  readonly set: TokenSet;
  /** Asks for the stability of each mask, |{logit > offset}| / |{logit > -offset}| at image size. */
  readonly stabilityOffset?: number | undefined;
}

export interface PhotoAnswer {
  readonly predictions: readonly PhotoPrediction[];
  readonly decodeMs: number;
  /** From low-res logits to masks; 0 where logits are returned, which the harness upscales. */
  readonly postprocessMs: number;
}

/** The masks of a token set for one prompt. */
export interface PhotoPrediction {
  /** The decoder's numbers of the tokens that were returned; 0 is the single-mask token where there is one. */
  readonly tokens: readonly number[];
  /** One a token, in their order. */
  readonly predictedIou: Float32Array;
  readonly output: PhotoOutput;
  /** One a token, where it was asked for and the variant can tell. */
  readonly stability?: Float32Array | undefined;
}

export type PhotoOutput =
  /** At image size, one a token. */
  | { readonly kind: "masks"; readonly masks: readonly Rle[] }
  /** [tokens, side, side], and where the image lies in the model frame. */
  | { readonly kind: "logits"; readonly lowResLogits: Tensor; readonly geometry: Geometry };

/** A program that answers as a PhotoVariant, in a process of its own (variants/external/README.md). */
export interface ExternalProcess {
  /** The first is looked for on the path; `python3` is what `--python` stands for. */
  readonly command: readonly string[];
  /** Paths of the program's own files: their bytes are part of a run's identity. */
  readonly files: readonly string[];
  /** The last part of the variant's id, as the program understands it. */
  readonly setting?: string | undefined;
  /** The preset's, as the program understands them: a model of any size is built from the authors' classes. */
  readonly sizes?: Readonly<Record<string, unknown>> | undefined;
  /** What the program loads: a checkpoint's file, the base's published graph as ONNX files, or what it knows itself. */
  readonly takes: "weights" | "reference graphs" | "nothing";
}
