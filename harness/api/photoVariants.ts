import type { Geometry } from "./frames.ts";
import type { RgbImage, Rle, Tensor } from "./pixels.ts";
import type { Prompt } from "./prompts.ts";

/**
 * A token set is what a decoder is asked for, computes once and is timed by: all multimask tokens, or the single-mask token
 * alone.
 */
export type TokenSet = "multimask" | "single";

/**
 * A photo variant is the second kind of variant. It takes photos and prompts in the image frame: it prepares, places prompts and
 * mostly also upscales by itself. Its own clock times these steps.
 */
export interface PhotoVariant {
  /** Prepares and encodes a photo. Prompts are about the photo that was set last. */
  setImage(photo: RgbImage): Promise<PhotoTimes>;
  /** Returns one prediction for each prompt, in their order. */
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
  readonly stabilityOffset?: number;
}

export interface PhotoAnswer {
  readonly predictions: readonly PhotoPrediction[];
  readonly decodeMs: number;
  /** Time from low-res logits to masks, ms; it is 0 where logits are returned, which the harness upscales. */
  readonly postprocessMs: number;
}

/** The masks of a token set for one prompt. */
export interface PhotoPrediction {
  /** Numbers that the decoder gives to the returned tokens; 0 is the single-mask token where there is one. */
  readonly tokens: readonly number[];
  /** One value a token, in their order. */
  readonly predictedIou: Float32Array;
  readonly output: PhotoOutput;
  /** One value a token, where stability was asked for and the variant can tell it. */
  readonly stability?: Float32Array;
}

export type PhotoOutput =
  /** Masks have image size, one a token. */
  | { readonly kind: "masks"; readonly masks: readonly Rle[] }
  /** Logits are [tokens, side, side]; the geometry says where the image lies in the model frame. */
  | { readonly kind: "logits"; readonly lowResLogits: Tensor; readonly geometry: Geometry };

/** An external process is a program that answers as a PhotoVariant, in a process of its own (variants/external/README.md). */
export interface ExternalProcess {
  /** The first word is looked for on the path. */
  readonly command: readonly string[];
  /**
   * Python distributions that a program started by `python3` needs: the first Python on the path that has them is taken.
   * `--python` names another one.
   */
  readonly packages?: readonly string[];
  /** Paths of the program's own files: their bytes are part of a run's identity. */
  readonly files: readonly string[];
  /** The last part of the variant's id, which the program understands. */
  readonly setting?: string;
  /** Sizes of the preset, which the program understands: it builds a model of any size from the authors' classes. */
  readonly sizes?: Readonly<Record<string, unknown>>;
  /** Says what the program loads: a checkpoint's file, the base's published graph as ONNX files, or what it knows itself. */
  readonly takes: "weights" | "reference graphs" | "nothing";
}

/** Describes a shipped program to a user who may not have what it needs. */
export interface ExternalProgram {
  /** The first part of its variants' ids. */
  readonly method: string;
  /** Ids of the presets that it stands beside. */
  readonly presets: readonly string[];
  readonly packages: readonly string[];
}
