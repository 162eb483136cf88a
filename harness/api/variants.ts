import type { ImageId } from "./datasets.ts";
import type { Geometry, MaskSpec, ModelInput, ModelInputSpec } from "./frames.ts";
import type { GraphSignature, OnnxGraph } from "./graphs.ts";
import type { Rle, Tensor } from "./pixels.ts";
import type { Prompt } from "./prompts.ts";
import type { PublishedFile } from "./published.ts";
import type { Checkpoint } from "./weights.ts";

/** `fused` is what is measured; `reference` follows the published PyTorch code operator for operator. */
export type GraphKind = "fused" | "reference";

export type PublishedCheckpoint = PublishedFile;

/** What a protocol may ask of a variant, and some variants lack. */
export type Capability = "single-mask-token" | "mask-input" | "box-prompt" | "three-masks" | "predicted-iou";

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
  /** A floor looks at no photo: it has neither weights nor graphs, its accuracy alone is measured, and tables set its row apart. */
  readonly role?: "floor";
  /** Points that a prompt may hold, a box counting as two; as many as one likes where left out. */
  readonly maxPoints?: number;
  /**
   * Of a decoder that lacks "three-masks": its one mask is the most confident of three for prompts of so many points, two for
   * a box and one of padding without a box counted; for longer ones it is the single-mask token's.
   */
  readonly choosesUpTo?: number;
  /** Its everything mode is `Variant.everything`: protocols that prompt a grid of points are refused. */
  readonly everything?: "own output";
  /** The preset whose checkpoint and nano weights a method runs on: sam-vit-b of `sam-fast/sam-vit-b`. */
  readonly base?: string;
  /** The variant that it is an alternative to, if that is not its base: what benchmarks compare it with. */
  readonly alternativeTo?: string;
  /** What the base's checkpoint lacks is seeded. Such a mixture is no trained model: it counts as seeded weights. */
  readonly remainder?: "seeded";
  /** Of a method that learns from images before its graphs can be built. */
  readonly calibration?: CalibrationNeed;
  readonly published?: PublishedCheckpoint;
  readonly nanoWeights?: NanoWeights;
  /** Of a method with one number to turn, which its id has: what the number is and where it stands. Charts draw accuracy against it. */
  readonly setting?: VariantSetting;
  /** As the paper or its repository prints them. */
  readonly printed?: { readonly parameters?: number; readonly gmacs?: PrintedGmacs };
  /** What a reader of a table must know: transfers to SAM, weights never released. */
  readonly notes: readonly string[];
  /** Classes, `module.Class`, that its checkpoint pickles with whole modules: each becomes a record that does nothing. */
  readonly inertClasses?: readonly string[];
}

/** Small weights that were trained for the preset, and that are part of its plug-in. */
export interface NanoWeights {
  /** Relative to the plug-in's folder. */
  readonly file: string;
  /** Inputs that the architecture takes and that training never showed these weights: rows that use one say so. */
  readonly untrained: readonly Capability[];
}

/** A published count; papers write FLOPs for it, some for twice as much. */
export interface PrintedGmacs {
  /** 10^9 multiply-accumulates. */
  readonly value: number;
  readonly counts: "encode" | "encode and decode";
  /** Where it was read, and what had to be done to it. */
  readonly source: string;
}

/** Multiply-accumulates for one image, and for one box prompt. */
export interface StageMacs {
  readonly encode: number;
  readonly decode: number;
}

export interface VariantSetting {
  /** With its unit, as an axis is labelled. */
  readonly name: string;
  readonly value: number;
}

export interface GraphSink {
  write(name: string, graph: OnnxGraph): Promise<void>;
  /** What the build decided and a reader of the figures must know; stands in the run's manifest. */
  note?(text: string): void;
  /** What quantisation saves on paper: columns of the tables. */
  theory?(counts: TheoryCounts): void;
}

/** Counted from the graphs, not measured: one image, one box prompt. */
export interface TheoryCounts {
  /** Multiply-accumulates times the bits of both factors. */
  readonly bitOperations: number;
  /** The same with both factors in float32. */
  readonly floatBitOperations: number;
  /** Of the weights: integers of their bits with their scales and zero points, the rest in float32. */
  readonly storageBytes: number;
  readonly floatStorageBytes: number;
}

export interface CalibrationNeed {
  /** How many images, if the user does not say. */
  readonly images: number;
  /** Done on drawn scenes where none is stored; otherwise `bench quantize` has to come first. */
  readonly automatic: boolean;
}

/** What a calibration found: plain JSON, whose meaning is the plug-in's own. */
export type CalibrationValues = Readonly<Record<string, unknown>>;

export interface CalibrationImage {
  readonly id: ImageId;
  readonly input: ModelInput;
  /** The image's boxes. */
  readonly prompts: readonly Prompt<"model">[];
}

export interface CalibrateContext {
  readonly preset: VariantManifest;
  readonly checkpoint: Checkpoint;
  /** From the first image again at each call; one image is in memory at a time. */
  images(): AsyncIterable<CalibrationImage>;
  readonly count: number;
  readonly runtime: RuntimeOptions;
  /** For graphs that only the calibration needs; deleted after it. */
  readonly folder: string;
  readonly seed: number;
  /** As the command line gives them. */
  readonly options: Readonly<Record<string, string>>;
  progress(done: number, total: number, what: string): void;
  readonly signal: AbortSignal;
}

export interface BuildContext {
  readonly preset: VariantManifest;
  readonly checkpoint: Checkpoint;
  readonly graph: GraphKind;
  /** Side of the model input where it is not the preset's own (fixtures of fully convolutional models). */
  readonly side?: number;
  /** For presets that need one. */
  readonly calibration?: CalibrationValues;
  readonly out: GraphSink;
}

/** A setting of a method as a flag: `--ratios 0.5,0.5`. */
export interface VariantOption {
  readonly name: string;
  readonly describe: string;
}

/** One choice that a search makes. */
export interface Gene {
  /** What it decides: "blocks 3+4". */
  readonly name: string;
  /** Values of one stage's genes may not fall from one to the next. */
  readonly stage: number;
  /** What it may be, ascending; the first stands for the whole computation. */
  readonly values: readonly number[];
}

/** The settings of a method that `bench search` chooses among, and what their encoders are made of. */
export interface SearchSpace {
  readonly genes: readonly Gene[];
  /** The id with these values, one a gene. */
  idOf(values: readonly number[]): string;
  /** The parts of the encoder by name, each as often as it occurs: their times add up to the encoder's. */
  partsOf(values: readonly number[]): readonly string[];
  /** One part as a graph of its own. */
  part(name: string, checkpoint: Checkpoint): OnnxGraph;
}

/** Graph name → path of its .onnx file. */
export type GraphFiles = Readonly<Record<string, string>>;

export interface RuntimeOptions {
  readonly provider: string;
  readonly threads: number;
  /** Folder for ONNX Runtime's profile; nothing is profiled without it. */
  readonly profile?: string;
}

/** What an encoder leaves for its decoder. `tensor` is [1, channels, rows, columns]. */
export interface ImageEmbedding {
  readonly tensor: Tensor;
  readonly geometry: Geometry;
}

/** Low-res logits, or masks at image size (FastSAM); predicted IoU a mask. */
export type MaskPrediction =
  | {
      readonly kind: "logits";
      /** [tokens, side, side]; token 0 is the single-mask token where the variant has one. */
      readonly lowResLogits: Tensor;
      /** One a token. */
      readonly predictedIou: Float32Array;
    }
  | { readonly kind: "masks"; readonly masks: readonly Rle[]; readonly scores: Float32Array };

/** The tokens that one part of an encoder worked on; the others passed it unchanged, or by a cheaper way. */
export interface KeptTokens {
  /** Which part, as a reader knows it: "blocks 3-4". */
  readonly stage: string;
  /** [rows, columns] over the model frame: 1 for a token that was kept, 0 for one that was not. */
  readonly tokens: Tensor;
}

export interface Variant {
  encode(input: ModelInput): Promise<ImageEmbedding>;
  /** What an encoder that spends less where the image asks for less has kept, part by part. Absent where all tokens always count. */
  keptTokens?(input: ModelInput): Promise<readonly KeptTokens[]>;
  /** Prompts of one shape go through the decoder as one batch; those of unequal length are grouped, never padded to match. */
  decode(embedding: ImageEmbedding, prompts: readonly Prompt<"model">[]): Promise<readonly MaskPrediction[]>;
  /** All masks of the image without a prompt, each a token; of presets with `everything`. */
  everything?(embedding: ImageEmbedding): Promise<MaskPrediction>;
  close(): Promise<void>;
}

/** What a floor knows of the annotations of the run's images; part of the run's identity. */
export interface AnnotationFacts {
  /** Mean over the annotations, crowds left out, of mask area / image area. Absent where no prompt of the run is a point. */
  readonly meanMaskShare?: number | undefined;
}

/** What `bench verify feeds: coordinates and labels exactly as given, padding points (-1) and box corners (2, 3) included. */
export interface RawPrompts {
  /** [prompts][points][x, y] in the model frame */
  readonly points: readonly (readonly (readonly [number, number])[])[];
  readonly labels: readonly (readonly number[])[];
  /** [prompts, 1, side, side] */
  readonly maskInput?: Tensor;
}

/** Output tensors by the names that the fixtures give them. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** The graphs alone, for verification: nothing is prepared before them and nothing chosen after. */
export interface RawVariant {
  /** `input` is [1, 3, side, side], as the network takes it. */
  encode(input: Tensor): Promise<NamedTensors>;
  /** Absent where the variant has no decoder graph. */
  decode?(encoded: NamedTensors, prompts: RawPrompts): Promise<NamedTensors>;
  close(): Promise<void>;
}

/** What a user's encoder is handed: pixels as they are, or normalised ones. */
export type EncoderInput = "raw" | "normalised";

export interface RecognisedFiles {
  readonly preset: VariantManifest;
  readonly files: GraphFiles;
}

export interface VariantPlugin {
  readonly presets: readonly VariantManifest[];
  /** Published files that no preset is built from, by id for `bench pull`. */
  readonly downloads?: readonly PublishedFile[];
  /**
   * The manifest of an id that carries a setting, `<method>/<preset>/<setting>`, which `presets` can not list. Nothing where
   * the id is not this plug-in's; throws HarnessError where it is and the setting is wrong.
   */
  presetOf?(id: string): VariantManifest | undefined;
  readonly options?: readonly VariantOption[];
  /** The id with the settings that the flags give; an id holds no comma. Throws HarnessError for values that mean nothing. */
  withOptions?(id: string, values: Readonly<Record<string, string>>): string;
  /** Of a base preset's id; nothing where the method does not run on it. */
  searchSpace?(base: string): SearchSpace | undefined;
  calibrate?(context: CalibrateContext): Promise<CalibrationValues>;
  /**
   * For a plug-in whose variants are ONNX files of the user's own (`--variant-files`): which file is which graph, and the
   * manifest of the variant, named as the user named it. `input` overrules what the encoder's first nodes show of what it takes.
   * Throws HarnessError for files that it can not run.
   */
  recognise?(name: string, graphs: readonly GraphSignature[], input?: EncoderInput): Promise<RecognisedFiles>;
  /** Weights → graphs. Reads no tensor itself: constants are read when the sink writes them. */
  build(context: BuildContext): Promise<void>;
  /**
   * What the method computes in the operators of its paper, from shapes alone; the checkpoint is a seeded one. Absent where
   * the reference graph tells.
   */
  referenceMacs?(context: Pick<BuildContext, "preset" | "checkpoint">): StageMacs;
  /** `facts` are given to a floor alone. */
  load(
    graphs: GraphFiles,
    runtime: RuntimeOptions,
    preset: VariantManifest,
    facts?: AnnotationFacts | undefined,
  ): Promise<Variant>;
  /** The graphs for `bench verify`, by the output names of its fixtures. Absent where nobody published values to compare with. */
  loadRaw?(graphs: GraphFiles, runtime: RuntimeOptions, preset: VariantManifest): Promise<RawVariant>;
}
