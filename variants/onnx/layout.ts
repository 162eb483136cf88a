import type {
  Capability,
  EncoderInput,
  GraphSignature,
  ImageEmbedding,
  MaskPrediction,
  MaskSpec,
  ModelInput,
  ModelInputSpec,
  NamedTensors,
  Prompt,
  Variant,
  VariantManifest,
} from "../../harness/api.ts";
import type { Session } from "../../harness/onnx/index.ts";

/** Parts that exporters cut a model into, in the order of their use. A file holds one. */
export const parts = ["encoder", "prompts", "decoder"] as const;
export type Part = (typeof parts)[number];

/** Names of the parts in sentences. */
export const partNames = { encoder: "encoder", prompts: "prompt encoder", decoder: "decoder" } as const;

/** Holds one value for each part of a layout. */
export type ByPart<P extends Part, Value> = Readonly<Record<P, Value>>;

/** A file as it describes itself, its values under the names that layouts know. */
export interface GivenGraph extends GraphSignature {
  /** Names of its values in the file, where the user gave them another: by the name that stands for them here. */
  readonly namesInFile: ReadonlyMap<string, string>;
}

/** The files of an encoder and a decoder. */
export type Pair = ByPart<"encoder" | "decoder", GivenGraph>;

/** A value that a layout's graph has. */
export interface Wanted {
  /** Name in the file; it is absent where exporters choose it freely. */
  readonly name?: string;
  /** Name that a value of a free name gets here; where several values of a file fit, it is the one that has this name. */
  readonly usually?: string;
  readonly types: readonly string[];
  /** Dimensions: a number has to hold, a word names a dimension that may be anything. */
  readonly dims: readonly (number | string)[];
}

/**
 * Values that a layout's graph has. It has these inputs and no other, since there would be nothing to feed, and at least these
 * outputs.
 */
export interface WantedGraph {
  readonly inputs: readonly Wanted[];
  readonly outputs: readonly Wanted[];
}

/** Part of a manifest that follows from the files. */
interface Traits
  extends Pick<VariantManifest, "maxPoints" | "choosesUpTo" | "everything" | "lackReasons">,
    Required<Pick<VariantManifest, "notes">> {
  readonly input: ModelInputSpec;
  readonly mask: MaskSpec;
  readonly lacks: readonly Capability[];
}

/** Says what the files do once they are open. */
export type Opened = Omit<Variant, "close">;

interface Rules<P extends Part> {
  readonly title: string;
  /** True where encoders may take raw pixels or normalised ones, so that `--input` means something. */
  readonly takesEither?: true;
  /** Says what to do about a part whose file is not there, where that is more than to find it. */
  readonly missing?: Partial<ByPart<P, string>>;
  /** Throws HarnessError where the files are of this layout and can not be run all the same. */
  describe(files: ByPart<P, GivenGraph>, input: EncoderInput | undefined): Traits | Promise<Traits>;
  open(files: ByPart<P, GivenGraph>, sessions: ByPart<P, Session>): Opened;
}

/**
 * One exporter's way to cut a model into ONNX files, an encoder and a decoder unless it names other parts. It says how files are
 * told by the names of their values, and how they are fed.
 */
export type Layout<P extends Part = "encoder" | "decoder"> = Rules<P> & ByPart<P, WantedGraph>;

/** A layout of any parts: those that it has are fields of it. */
export type AnyLayout = Rules<Part> & Partial<ByPart<Part, WantedGraph>>;

export function partsOf(layout: AnyLayout): readonly Part[] {
  return parts.filter((part) => layout[part] !== undefined);
}

/** Calls of an encoder and a decoder that gets what the encoder gives, unchanged. */
interface Calls {
  /** Name of the encoder's tensor that is the image embedding. */
  readonly embedding: string;
  encode(input: ModelInput): Promise<NamedTensors>;
  decode(image: NamedTensors, prompts: readonly Prompt<"model">[]): Promise<readonly MaskPrediction[]>;
}

/** Returns what is open as the harness calls it: tensors beside the image embedding are skip connections. */
export function encodedAndDecoded({ embedding: name, encode, decode }: Calls): Opened {
  return {
    async encode(input): Promise<ImageEmbedding> {
      const { [name]: tensor, ...skipConnections } = await encode(input);
      return {
        tensor: tensor!,
        skipConnections: Object.keys(skipConnections).length === 0 ? undefined : skipConnections,
        geometry: input.geometry,
      };
    },
    decode: ({ tensor, skipConnections }, prompts) => decode({ [name]: tensor, ...skipConnections }, prompts),
  };
}

const float = ["float32"];
/** Types of values that hold whole numbers: each of these will do. */
const whole = ["float32", "int64", "int32"];

/** Describes a value of floats by its name and dimensions. */
export function floats(name: string, dims: Wanted["dims"]): Wanted {
  return { name, types: float, dims };
}

/** Describes a value of floats that has another name in every export, and this one here. */
export function unnamedFloats(usually: string, dims: Wanted["dims"]): Wanted {
  return { usually, types: float, dims };
}

/** Describes a value of whole numbers, such as labels and sizes. */
export function numbers(name: string, dims: Wanted["dims"]): Wanted {
  return { name, types: whole, dims };
}
