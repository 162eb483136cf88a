/**
 * The seams: every type that a variant, a dataset, a sampler or a metric shares with the harness, and nothing that runs.
 * A plug-in outside this repository imports this file alone (`sam-bench/api`) and has the whole contract.
 */

// ── Images, masks, tensors ──────────────────────────────────────────────────

export interface Size {
  readonly height: number;
  readonly width: number;
}

/** Row-major RGB, 8 bits a channel; length = height * width * 3. */
export interface RgbImage {
  readonly size: Size;
  readonly pixels: Uint8Array;
}

/** Row-major float32; data.length = product of dims. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** COCO run lengths of 0, 1, 0, 1 … down the columns. */
export interface Rle {
  readonly size: Size;
  readonly counts: Uint32Array;
}

/** Red, green, blue. */
export type Rgb = readonly [number, number, number];

// ── Prompts ─────────────────────────────────────────────────────────────────

/** The frame is part of the type, so image pixels can not reach the decoder unscaled. */
export type Frame = "image" | "model";

/** 1 foreground, 0 background. Padding points are the decoder's own business. */
export type PointLabel = 0 | 1;

/** x to the right, y down; an integer names a pixel by its index, whose centre lies 0.5 further. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly label: PointLabel;
}

/** Corners: x0 <= x1, y0 <= y1. COCO's [x, y, w, h] never leaves coco/annotations.ts. */
export interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export interface Prompt<F extends Frame> {
  readonly frame: F;
  readonly points: readonly Point[];
  readonly box?: Box;
  /** Low-res logits of an earlier prediction, [1, side, side] with the side of the variant's low-res logits. */
  readonly mask?: Tensor;
}

// ── From an image to the model's input, from logits to a mask ───────────────

export interface ModelInputSpec {
  /** Side of the square model frame, px. */
  readonly side: number;
  readonly fit: "pad" | "stretch" | "letterbox";
  readonly resize: "pillow-bilinear" | "bilinear";
  /** Fills what the image leaves free, after normalisation. */
  readonly padValue: number;
  /** On the 0 … 255 scale. */
  readonly mean: Rgb;
  readonly std: Rgb;
}

/** How logits become a mask: SAM goes through the padded model frame, EfficientSAM straight to the image, bicubic, >= 0. */
export interface MaskSpec {
  readonly path: "model-frame" | "direct";
  readonly interpolation: "bilinear" | "bicubic";
  readonly threshold: ">0" | ">=0";
}

/** Where the image lies in the model frame. `resized` and `offset` are in model pixels. */
export interface Geometry {
  readonly image: Size;
  readonly resized: Size;
  readonly offset: { readonly x: number; readonly y: number };
  readonly side: number;
}

export interface ModelInput {
  /** [1, 3, side, side] */
  readonly tensor: Tensor;
  readonly geometry: Geometry;
}

// ── Weights ─────────────────────────────────────────────────────────────────

/** One float32 tensor that is read when it is needed, not before. */
export interface Weight {
  readonly name: string;
  readonly dims: readonly number[];
  /** A fresh array; row-major. */
  read(): Float32Array;
}

export type WeightSource = "checkpoint" | "nano" | "seeded";

/** The weights a graph is built from: a checkpoint file, or values that follow from name and shape. */
export interface Checkpoint {
  /** What messages call it: the file's path, or "seeded weights". */
  readonly label: string;
  readonly source: WeightSource;
  /** The tensor's shape, or nothing where there is no such tensor. Seeded weights have every tensor and no shapes. */
  dims(name: string): readonly number[] | undefined;
  /** Marks the tensor as used. Throws HarnessError if it is missing or has another shape. */
  take(name: string, dims: readonly number[]): Weight;
  /** Names weights that inference does not use, with the reason. */
  discard(pattern: RegExp, reason: string): void;
  /** Throws HarnessError naming the tensors that were neither taken nor discarded. */
  assertAllTaken(): void;
  close(): void;
}

// ── Graphs ──────────────────────────────────────────────────────────────────

export type ElementType = "float32" | "int64" | "int32" | "int8" | "uint8" | "bool";

/** A number, or a name (or sum of names and numbers) that is known when the graph runs. */
export type Dim = number | string;

export interface GraphValue {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly Dim[];
}

export type TypedData = Float32Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;

/** A tensor baked into the graph. `read` is called once, when the file is written, and the array is let go after that. */
export interface GraphConstant extends GraphValue {
  readonly dims: readonly number[];
  readonly bytes: number;
  read(): TypedData;
}

export type AttributeValue = number | string | readonly number[] | { readonly float: number };

export interface GraphNode {
  readonly operator: string;
  /** "" for ONNX's own operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** What papers report: multiply-accumulates by operator; symbolic dimensions are bound by name. */
export interface GraphCounts {
  /** Name → elements of the checkpoint's tensors that the graph was built from, buffers left out. */
  readonly parameters: ReadonlyMap<string, number>;
  /** Elements and bytes of everything baked into the file, folded and gathered tensors included. */
  readonly constants: number;
  readonly constantBytes: number;
  macs(bindings?: Readonly<Record<string, number>>): ReadonlyMap<string, number>;
}

/** A finished graph as data: `sam-bench/onnx` makes one, the harness writes it to a file. */
export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly constants: readonly GraphConstant[];
  readonly nodes: readonly GraphNode[];
  readonly counts: GraphCounts;
}

// ── Variants ────────────────────────────────────────────────────────────────

/** `fused` is what is measured; `reference` follows the published PyTorch code operator for operator. */
export type GraphKind = "fused" | "reference";

export interface PublishedCheckpoint {
  readonly id: string;
  readonly url: string;
  /** Absent where the authors publish none: recorded at the first download. */
  readonly bytes?: number;
  readonly sha256?: string;
  readonly licence: string;
  readonly archive?: "zip";
}

/** What a protocol may ask of a variant, and some variants lack. */
export type Capability = "single-mask-token" | "mask-input";

export interface Paper {
  readonly title: string;
  readonly arxiv?: string;
  readonly year: number;
}

export interface VariantManifest {
  readonly id: string;
  readonly title: string;
  readonly paper: Paper;
  readonly size: "full" | "nano";
  readonly input: ModelInputSpec;
  readonly mask: MaskSpec;
  readonly lacks: readonly Capability[];
  readonly published?: PublishedCheckpoint;
  /** File with weights trained for this project, relative to the plug-in's folder. */
  readonly nanoWeights?: string;
  /** As the paper or its repository prints them. */
  readonly printed?: { readonly parameters?: number; readonly gmacs?: number };
  /** What a reader of a table must know: transfers to SAM, weights never released. */
  readonly notes: readonly string[];
}

export interface GraphSink {
  write(name: string, graph: OnnxGraph): Promise<void>;
}

export interface BuildContext {
  readonly preset: VariantManifest;
  readonly checkpoint: Checkpoint;
  readonly graph: GraphKind;
  /** Side of the model input where it is not the preset's own (fixtures of fully convolutional models). */
  readonly side?: number;
  readonly out: GraphSink;
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

export interface Variant {
  encode(input: ModelInput): Promise<ImageEmbedding>;
  /** Prompts of one shape go through the decoder as one batch; those of unequal length are grouped, never padded to match. */
  decode(embedding: ImageEmbedding, prompts: readonly Prompt<"model">[]): Promise<readonly MaskPrediction[]>;
  close(): Promise<void>;
}

/** What `bench verify` feeds: coordinates and labels exactly as given, padding points (-1) and box corners (2, 3) included. */
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

export interface VariantPlugin {
  readonly presets: readonly VariantManifest[];
  /** Weights → graphs. Reads no tensor itself: constants are read when the sink writes them. */
  build(context: BuildContext): Promise<void>;
  load(graphs: GraphFiles, runtime: RuntimeOptions, preset: VariantManifest): Promise<Variant>;
  loadRaw(graphs: GraphFiles, runtime: RuntimeOptions, preset: VariantManifest): Promise<RawVariant>;
}

// ── Datasets ────────────────────────────────────────────────────────────────

export type ImageId = number;

export interface ImageRecord {
  readonly id: ImageId;
  readonly fileName: string;
  readonly size: Size;
}

export interface Category {
  readonly id: number;
  readonly name: string;
  /** LVIS: by the number of training images (rare < 10, common < 100). */
  readonly frequency?: "rare" | "common" | "frequent";
}

export interface Annotation {
  readonly id: number;
  readonly image: ImageId;
  readonly category: number;
  readonly mask: Rle;
  /** As the file gives it; a few pixels off the mask in some releases. */
  readonly box: Box;
  /** As the file gives it: size splits go by it. */
  readonly areaPx: number;
  readonly crowd: boolean;
}

/** What is prompted: an annotation, or a detector's box. */
export interface Target {
  readonly id: number;
  readonly image: ImageId;
  readonly category: number;
  readonly box: Box;
  readonly areaPx: number;
  readonly crowd: boolean;
  /** Absent for a detector's box. */
  readonly mask?: Rle;
  /** The detector's score. */
  readonly score?: number;
}

export interface Dataset {
  readonly id: string;
  readonly images: readonly ImageRecord[];
  readonly categories: readonly Category[];
  /** Changes whenever an image list, an annotation or a mask does. */
  readonly fingerprint: string;
  /** What a reader of the results must know: annotations left out and why, with counts. */
  readonly warnings: readonly string[];
  read(image: ImageId): Promise<RgbImage>;
  /** Prompted. */
  targetsOf(image: ImageId): readonly Target[];
  /** Scored against. */
  annotationsOf(image: ImageId): readonly Annotation[];
}

export interface DatasetOptions {
  /** `--data`: the folder with photos and annotation files. */
  readonly data?: string;
  readonly limit?: number;
  readonly images?: readonly ImageId[];
  readonly seed: number;
}

export interface DatasetPlugin {
  readonly id: string;
  readonly title: string;
  /** One line: what it reads and how to get it. */
  readonly about: string;
  open(options: DatasetOptions): Promise<Dataset>;
}

// ── Samplers, protocols, metrics ────────────────────────────────────────────

/** Uniform in [0, 1), from a stream named by its use. */
export interface Random {
  next(): number;
}

/** What a sampler is handed back after each decode, so that a click can correct it and logits can be fed back. */
export interface Feedback {
  readonly mask: Rle;
  readonly lowResLogits?: Tensor;
  readonly token: number;
}

export interface PromptSampler {
  readonly id: string;
  prompts(target: Target, random: Random): Generator<Prompt<"image">, void, Feedback>;
}
