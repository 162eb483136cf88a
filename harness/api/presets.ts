import type { MaskSpec, ModelInputSpec } from "./frames.ts";
import type { PublishedFile } from "./published.ts";

export type PublishedCheckpoint = PublishedFile;

/** An ability that a protocol may ask for and that some variants lack. */
export type Capability =
  | "single-mask-token"
  | "mask-input"
  | "box-prompt"
  | "three-masks"
  | "predicted-iou"
  | "stability"
  | "logits";

export interface Paper {
  readonly title: string;
  readonly arxiv?: string;
  /** Absent for ONNX files of a user's own, which may be of any paper. */
  readonly year?: number;
}

export interface VariantManifest {
  readonly id: string;
  readonly title: string;
  readonly paper: Paper;
  readonly size: "full" | "nano";
  readonly input: ModelInputSpec;
  readonly mask: MaskSpec;
  readonly lacks: readonly Capability[];
  /** Says why it lacks some of them, where that is not plain; a refusal tells the user. */
  readonly lackReasons?: Partial<Readonly<Record<Capability, string>>> | undefined;
  /**
   * A floor looks at no photo: it has neither weights nor graphs, its accuracy alone is measured, and tables set its row
   * apart.
   */
  readonly role?: "floor";
  /** The most points that a prompt may hold; a box counts as two. Absent where there is no limit. */
  readonly maxPoints?: number;
  /**
   * Present for a decoder that lacks "three-masks". Up to so many points, its one mask is the most confident of three; a box
   * counts as two points, and the padding of a prompt without a box as one. For longer prompts it is the mask of the
   * single-mask token.
   */
  readonly choosesUpTo?: number;
  /** The everything mode of this variant is `Variant.everything`: protocols that prompt a grid of points are refused. */
  readonly everything?: "own output";
  /** The preset whose checkpoint and nano weights a method runs on: sam-vit-b of `sam-fast/sam-vit-b`. */
  readonly base?: string;
  /** The variant that benchmarks compare this one with, where that is not its base. */
  readonly alternativeTo?: string;
  /** Tensors that the base's checkpoint lacks are seeded. Such a mixture is no trained model: it counts as seeded weights. */
  readonly remainder?: "seeded";
  /** Present for a method that learns from images before its graphs can be built. */
  readonly calibration?: CalibrationNeed;
  readonly published?: PublishedCheckpoint;
  readonly nanoWeights?: NanoWeights;
  /**
   * Present where seeded weights need scaling: through a stack of layers without norms between them, values would grow from
   * layer to layer until gates saturate and outputs say nothing.
   */
  readonly seededScale?: SeededScale;
  /**
   * Present for a method with one number to turn: its name and its value, which the id holds. Charts draw accuracy against it.
   */
  readonly setting?: VariantSetting;
  /** The counts that the paper or its repository prints. */
  readonly printed?: { readonly parameters?: number; readonly gmacs?: PrintedGmacs };
  /** Facts that a reader of a table must know, such as weights that were never released. */
  readonly notes: readonly string[];
  /**
   * Names the classes, `module.Class`, that the checkpoint pickles with whole modules: each becomes a record that does
   * nothing.
   */
  readonly inertClasses?: readonly string[];
  /** Present for ONNX files whose values the user named (`--onnx-names`): the names in the files → those of their layout. */
  readonly valueNames?: Readonly<Record<string, string>> | undefined;
}

/** Seeded tensors whose names begin and end so are multiplied by a factor, as float32 numbers. */
export interface SeededScale {
  readonly prefix: string;
  readonly suffix: string;
  readonly factor: number;
}

/** Small weights that were trained for the preset; they are part of its plug-in. */
export interface NanoWeights {
  /** Path relative to the plug-in's folder. */
  readonly file: string;
  /** Inputs that the architecture takes and that training never showed these weights; rows that use one say so. */
  readonly untrained: readonly Capability[];
}

/** A published count of multiply-accumulates. Papers call it FLOPs, and some print twice as much. */
export interface PrintedGmacs {
  /** 10^9 multiply-accumulates. */
  readonly value: number;
  readonly counts: "encode" | "encode and decode";
  /** Says where the count was read, and what had to be done to it. */
  readonly source: string;
}

/** Multiply-accumulates for one image, and for one box prompt. */
export interface StageMacs {
  readonly encode: number;
  readonly decode: number;
}

export interface VariantSetting {
  /** Name with its unit, as it labels an axis. */
  readonly name: string;
  readonly value: number;
}

export interface CalibrationNeed {
  /** Number of images, unless the user gives one. */
  readonly images: number;
  /** True if the calibration is made on drawn scenes where none is stored; otherwise `bench quantize` has to come first. */
  readonly automatic: boolean;
}
