import type { ImageId } from "./datasets.ts";
import type { Geometry, MaskSpec, ModelInput, ModelInputSpec } from "./frames.ts";
import type { GraphSignature, OnnxGraph } from "./graphs.ts";
import type { ExternalProcess } from "./photoVariants.ts";
import type { Rle, Tensor } from "./pixels.ts";
import type { Prompt } from "./prompts.ts";
import type { PublishedFile } from "./published.ts";
import type { Checkpoint } from "./weights.ts";

/** `fused` is the graph that is measured; `reference` follows the published PyTorch code operator for operator. */
export type GraphKind = "fused" | "reference";

export type PublishedCheckpoint = PublishedFile;

/** An ability that a protocol may ask for and that some variants lack. */
export type Capability =
  | "single-mask-token"
  | "mask-input"
  | "box-prompt"
  | "three-masks"
  | "predicted-iou"
  | "stability";

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

export interface GraphSink {
  write(name: string, graph: OnnxGraph): Promise<void>;
  /** Records a decision of the build that a reader of the figures must know; it stands in the run's manifest. */
  note?(text: string): void;
  /** Records what quantisation saves on paper, for the columns of the tables. */
  theory?(counts: TheoryCounts): void;
}

/** Counted from the graphs, not measured: one image, one box prompt. */
export interface TheoryCounts {
  /** Multiply-accumulates times the bits of both factors. */
  readonly bitOperations: number;
  /** The same with both factors in float32. */
  readonly floatBitOperations: number;
  /** Bytes of the weights: integers of their bits with their scales and zero points, the rest in float32. */
  readonly storageBytes: number;
  readonly floatStorageBytes: number;
}

export interface CalibrationNeed {
  /** Number of images, unless the user gives one. */
  readonly images: number;
  /** True if the calibration is made on drawn scenes where none is stored; otherwise `bench quantize` has to come first. */
  readonly automatic: boolean;
}

/** The values that a calibration found: plain JSON, which only the plug-in understands. */
export type CalibrationValues = Readonly<Record<string, unknown>>;

export interface CalibrationImage {
  readonly id: ImageId;
  readonly input: ModelInput;
  /** Prompts made of the image's boxes. */
  readonly prompts: readonly Prompt<"model">[];
}

export interface CalibrateContext {
  readonly preset: VariantManifest;
  readonly checkpoint: Checkpoint;
  /** Starts again at the first image at each call; one image is in memory at a time. */
  images(): AsyncIterable<CalibrationImage>;
  readonly count: number;
  readonly runtime: RuntimeOptions;
  /** A folder for graphs that only the calibration needs; it is deleted afterwards. */
  readonly folder: string;
  readonly seed: number;
  /** Options as the command line gives them. */
  readonly options: Readonly<Record<string, string>>;
  progress(done: number, total: number, what: string): void;
  readonly signal: AbortSignal;
}

export interface BuildContext {
  readonly preset: VariantManifest;
  readonly checkpoint: Checkpoint;
  readonly graph: GraphKind;
  /** Side of the model input, where it differs from the preset's (fixtures of fully convolutional models). */
  readonly side?: number;
  /** Present for presets that need a calibration. */
  readonly calibration?: CalibrationValues;
  readonly out: GraphSink;
}

/** A setting of a method as a flag: `--ratios 0.5,0.5`. */
export interface VariantOption {
  readonly name: string;
  readonly describe: string;
}

/** A gene is one choice that a search makes. */
export interface Gene {
  /** Name of the part that is decided: "blocks 3+4". */
  readonly name: string;
  /** Genes of one stage belong together: their values may not fall from one to the next. */
  readonly stage: number;
  /** Possible values, ascending; the first stands for the whole computation. */
  readonly values: readonly number[];
}

/** The settings of a method that `bench search` chooses among, and the parts that their encoders are made of. */
export interface SearchSpace {
  readonly genes: readonly Gene[];
  /** Returns the id with these values, one a gene. */
  idOf(values: readonly number[]): string;
  /** Returns the parts of the encoder by name, each as often as it occurs: their times add up to the encoder's. */
  partsOf(values: readonly number[]): readonly string[];
  /** Returns one part as a graph of its own. */
  part(name: string, checkpoint: Checkpoint): OnnxGraph;
}

/** Maps a graph's name to the path of its .onnx file. */
export type GraphFiles = Readonly<Record<string, string>>;

export interface RuntimeOptions {
  readonly provider: string;
  readonly threads: number;
  /** A folder for ONNX Runtime's profile; without it, nothing is profiled. */
  readonly profile?: string;
}

/** The output of an encoder, which its decoder takes. `tensor` is [1, channels, rows, columns]. */
export interface ImageEmbedding {
  readonly tensor: Tensor;
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
   * Present for a PhotoVariant: it holds only the tokens of the set that was asked for, by the decoder's numbers, with one
   * predicted IoU a token.
   */
  | { readonly kind: "tokens"; readonly tokens: readonly number[]; readonly predictedIou: Float32Array };

/** Says which tokens one part of an encoder worked on; the others passed it unchanged, or by a cheaper way. */
export interface KeptTokens {
  /** Name of the part, as a reader knows it: "blocks 3-4". */
  readonly stage: string;
  /** [rows, columns] over the model frame: 1 for a token that was kept, 0 for one that was not. */
  readonly tokens: Tensor;
}

export interface Variant {
  encode(input: ModelInput): Promise<ImageEmbedding>;
  /**
   * Returns the tokens that each part of the encoder kept. Only an encoder that spends less on simple images has this
   * function.
   */
  keptTokens?(input: ModelInput): Promise<readonly KeptTokens[]>;
  /** Decodes prompts of one shape as one batch. Prompts of unequal length are grouped, never padded to match. */
  decode(embedding: ImageEmbedding, prompts: readonly Prompt<"model">[]): Promise<readonly MaskPrediction[]>;
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
  close(): Promise<void>;
}

/** Says what a user's encoder takes: pixels as they are, or normalised ones. */
export type EncoderInput = "raw" | "normalised";

export interface RecognisedFiles {
  readonly preset: VariantManifest;
  readonly files: GraphFiles;
}

export interface VariantPlugin {
  readonly presets: readonly VariantManifest[];
  /** Published files that no preset is built from; `bench pull` knows them by id. */
  readonly downloads?: readonly PublishedFile[];
  /**
   * Returns the manifest of an id that carries a setting, `<method>/<preset>/<setting>`, which `presets` can not list. Returns
   * nothing for an id of another plug-in. Throws HarnessError where the setting is wrong.
   */
  presetOf?(id: string): VariantManifest | undefined;
  /**
   * Returns the program that answers for a preset of this plug-in; absent, or nothing, where the plug-in itself does. Then
   * nothing is built or loaded, and the preset's `base` says which weights or graphs the program is given.
   */
  processOf?(preset: VariantManifest): ExternalProcess | undefined;
  readonly options?: readonly VariantOption[];
  /**
   * Returns the id with the settings that the flags give; an id holds no comma. Throws HarnessError for values that mean
   * nothing.
   */
  withOptions?(id: string, values: Readonly<Record<string, string>>): string;
  /** Returns the settings to search for a base preset's id; nothing where the method does not run on that base. */
  searchSpace?(base: string): SearchSpace | undefined;
  calibrate?(context: CalibrateContext): Promise<CalibrationValues>;
  /**
   * Finds out which file is which graph, for a plug-in whose variants are ONNX files of the user's own (`--variant-files`),
   * and returns the manifest of the variant, named as the user named it. `input` overrules what the encoder's first nodes show
   * of what it takes. Throws HarnessError for files that it can not run.
   */
  recognise?(name: string, graphs: readonly GraphSignature[], input?: EncoderInput): Promise<RecognisedFiles>;
  /** Makes graphs of weights. Reads no tensor itself: constants are read when the sink writes them. */
  build(context: BuildContext): Promise<void>;
  /**
   * Returns what the method computes in the operators of its paper, from shapes alone; the checkpoint is a seeded one. Absent
   * where the reference graph tells.
   */
  referenceMacs?(context: Pick<BuildContext, "preset" | "checkpoint">): StageMacs;
  /** Loads the graphs. `facts` are given to a floor alone. */
  load(graphs: GraphFiles, runtime: RuntimeOptions, preset: VariantManifest, facts?: AnnotationFacts): Promise<Variant>;
  /**
   * Loads the graphs for `bench verify`, which compares outputs by the names of its fixtures. Absent where nobody published
   * values to compare with.
   */
  loadRaw?(graphs: GraphFiles, runtime: RuntimeOptions, preset: VariantManifest): Promise<RawVariant>;
}
