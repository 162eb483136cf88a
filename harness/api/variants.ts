import type { CalibrationImage, CalibrationValues } from "./calibration.ts";
import type { GraphSignature, HalfType, OnnxGraph } from "./graphs.ts";
import type { AnnotationFacts, GraphFiles, RawVariant, RuntimeOptions, Variant } from "./models.ts";
import type { ExternalProcess, ExternalProgram } from "./photoVariants.ts";
import type { StageMacs, VariantManifest } from "./presets.ts";
import type { PublishedFile } from "./published.ts";
import type { SearchSpace } from "./search.ts";
import type { Checkpoint } from "./weights.ts";

/** `fused` is the graph that is measured; `reference` follows the published PyTorch code operator for operator. */
export type GraphKind = "fused" | "reference";

/**
 * Names the rules by which prompts become inputs of a decoder, and its outputs masks: those of SAM's predictor, of SAM 2's with its
 * choice by stability or without, and so on. Graphs that leave this project carry the name with them.
 */
export type DecoderRules =
  | "sam"
  | "efficientsam"
  | "sam2"
  | "sam2-by-stability"
  | "hq-sam"
  | "hq-sam-alone"
  | "fastsam";

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

/**
 * The model that a method changes, as its own plug-in has it: a method on any model has `plugin.build` write the graphs, changes
 * them on their way to the sink, and loads them by `plugin.load`.
 */
export interface BaseModel {
  readonly preset: VariantManifest;
  readonly plugin: VariantPlugin;
}

/**
 * Returns the manifest of the model with this id; nothing where no variant has it. Throws HarnessError for a variant that no
 * method can change: a floor, ONNX files, another program's, or another method.
 */
export type ModelLookup = (id: string) => VariantManifest | undefined;

export interface BuildContext {
  readonly preset: VariantManifest;
  /** Present for a preset whose `base` is a preset of another plug-in. */
  readonly base?: BaseModel | undefined;
  readonly checkpoint: Checkpoint;
  readonly graph: GraphKind;
  /** Side of the model input, px, where it differs from the preset's: in a fixture, or as a point of a sweep. */
  readonly side?: number | undefined;
  /**
   * Present for `bench verify`: the graphs also give inner values that fixtures name, which a run would pay for and never read.
   */
  readonly outputs?: "all";
  /** Present for presets that need a calibration. */
  readonly calibration?: CalibrationValues;
  /**
   * Tells whether the provider that the graphs are for computes in 16 bits of this type, on this machine. Absent where graphs are
   * only looked at; they are the processor's then, which computes in float32.
   */
  computesIn?(type: HalfType): Promise<boolean>;
  readonly out: GraphSink;
}

export interface CalibrateContext {
  readonly preset: VariantManifest;
  /** Present as in `BuildContext`. */
  readonly base?: BaseModel | undefined;
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

/** What some variants need besides their graphs when they are loaded. */
export interface LoadContext {
  /** Present for a floor. */
  readonly facts?: AnnotationFacts | undefined;
  /** Present as in `BuildContext`. */
  readonly base?: BaseModel | undefined;
}

/** A precision is a number format in which a method stores or computes any model, on the model's own weights. */
export interface Precision {
  /** Names the precision in commands: `int8`. */
  readonly name: string;
  readonly describe: string;
  /** Returns the id of a model's form in it. */
  idOf(model: string): string;
}

/** A setting of a method as a flag: `--ratios 0.5,0.5`. */
export interface VariantOption {
  readonly name: string;
  readonly describe: string;
}

/** Says what a user's encoder takes: pixels as they are, or normalised ones. */
export type EncoderInput = "raw" | "normalised";

/**
 * Names of values of ONNX files: a value has the name on the left in its file, and is what layouts know by the name on the
 * right.
 */
export type ValueNames = Readonly<Record<string, string>>;

/** Says of ONNX files what they do not show themselves: `--input` and `--onnx-names`. */
export interface FileHints {
  readonly input?: EncoderInput | undefined;
  readonly names?: ValueNames | undefined;
}

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
   * nothing for an id of another plug-in. `modelOf` finds the models of all plug-ins, for a method that runs on any of them.
   * Throws HarnessError where the setting is wrong.
   */
  presetOf?(id: string, modelOf: ModelLookup): VariantManifest | undefined;
  /**
   * Returns the program that answers for a preset of this plug-in; absent, or nothing, where the plug-in itself does. Then
   * nothing is built or loaded, and the preset's `base` says which weights or graphs the program is given.
   */
  processOf?(preset: VariantManifest): ExternalProcess | undefined;
  readonly options?: readonly VariantOption[];
  /**
   * Present for a method that changes the numbers of a model and nothing else: all its variants of one model are forms of that
   * model in a precision, and these are the ones that are measured beside it.
   */
  readonly precisions?: readonly Precision[];
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
   * and returns the manifest of the variant, named as the user named it. `hints` overrule what the graphs show of what they
   * take and give. Throws HarnessError for files that it can not run.
   */
  recognise?(name: string, graphs: readonly GraphSignature[], hints?: FileHints): Promise<RecognisedFiles>;
  /** Programs that answer for variants of this plug-in, for `bench doctor` to say which of them can run. */
  readonly programs?: readonly ExternalProgram[];
  /** Makes graphs of weights. Reads no tensor itself: constants are read when the sink writes them. */
  build(context: BuildContext): Promise<void>;
  /**
   * Returns what the method computes in the operators of its paper, from shapes alone; the checkpoint is a seeded one. Absent
   * where the reference graph tells.
   */
  referenceMacs?(context: Pick<BuildContext, "preset" | "checkpoint" | "base">): StageMacs | Promise<StageMacs>;
  /**
   * Returns the largest relative error that a preset's image embedding may have against its base's, on scenes that no calibration
   * saw: the project's tests hold a method to it on every model. Present for a method that runs on models of other plug-ins.
   */
  embeddingBound?(preset: VariantManifest): number;
  load(graphs: GraphFiles, runtime: RuntimeOptions, preset: VariantManifest, given?: LoadContext): Promise<Variant>;
  /**
   * Returns the rules that `load` feeds a preset's decoder by, for `bench onnx`, which writes them beside the graphs. A method has
   * those of its base; a model without them can not be written.
   */
  decoderRules?(preset: VariantManifest): DecoderRules;
  /**
   * Loads the graphs for `bench verify`, which compares outputs by the names of its fixtures. Absent where nobody published
   * values to compare with.
   */
  loadRaw?(
    graphs: GraphFiles,
    runtime: RuntimeOptions,
    preset: VariantManifest,
    given?: LoadContext,
  ): Promise<RawVariant>;
}
