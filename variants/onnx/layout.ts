import type {
  Capability,
  EncoderInput,
  GraphSignature,
  MaskPrediction,
  MaskSpec,
  ModelInput,
  ModelInputSpec,
  NamedTensors,
  Prompt,
} from "../../harness/api.ts";
import type { Session } from "../../harness/onnx/index.ts";

/** The two files of a variant, as they describe themselves. */
export interface Pair {
  readonly encoder: GraphSignature;
  readonly decoder: GraphSignature;
}

/** A value that a layout's graph has. */
export interface Wanted {
  /** Name in the file; it is absent where exporters choose it freely. */
  readonly name?: string;
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

/** Part of a manifest that follows from the pair of files. */
interface Traits {
  readonly input: ModelInputSpec;
  readonly mask: MaskSpec;
  readonly lacks: readonly Capability[];
  readonly maxPoints?: number;
  readonly choosesUpTo?: number;
  readonly notes: readonly string[];
}

/** The two graphs once they are open. The decoder gets what the encoder gives, unchanged. */
interface Calls {
  /** Name of the encoder's tensor that is the image embedding. */
  readonly embedding: string;
  encode(input: ModelInput): Promise<NamedTensors>;
  decode(image: NamedTensors, prompts: readonly Prompt<"model">[]): Promise<readonly MaskPrediction[]>;
}

export interface Sessions {
  readonly encoder: Session;
  readonly decoder: Session;
}

/** One exporter's way to cut a model into two ONNX files: it says how files are told by their names, and how they are fed. */
export interface Layout {
  readonly title: string;
  /** True where encoders may take raw pixels or normalised ones, so that `--input` means something. */
  readonly takesEither?: true;
  readonly encoder: WantedGraph;
  readonly decoder: WantedGraph;
  /** Throws HarnessError where the pair is of this layout and can not be run all the same. */
  describe(pair: Pair, input: EncoderInput | undefined): Traits | Promise<Traits>;
  open(pair: Pair, sessions: Sessions): Calls;
}

const float = ["float32"];
/** Types of values that hold whole numbers: each of these will do. */
const whole = ["float32", "int64", "int32"];

/** Describes a value of floats by its name and dimensions. */
export function floats(name: string, dims: Wanted["dims"]): Wanted {
  return { name, types: float, dims };
}

/** Describes a value of floats that has another name in every export. */
export function unnamedFloats(dims: Wanted["dims"]): Wanted {
  return { types: float, dims };
}

/** Describes a value of whole numbers, such as labels and sizes. */
export function numbers(name: string, dims: Wanted["dims"]): Wanted {
  return { name, types: whole, dims };
}
