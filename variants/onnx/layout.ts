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
  /** Absent where exporters name it as they like. */
  readonly name?: string;
  readonly types: readonly string[];
  /** A number holds; a word only names a dimension that may be anything. */
  readonly dims: readonly (number | string)[];
}

/** Inputs: these and no other, since there would be nothing to feed. Outputs: at least these. */
export interface WantedGraph {
  readonly inputs: readonly Wanted[];
  readonly outputs: readonly Wanted[];
}

/** What a pair's manifest says of it. */
export interface Traits {
  readonly input: ModelInputSpec;
  readonly mask: MaskSpec;
  readonly lacks: readonly Capability[];
  readonly maxPoints?: number;
  readonly choosesUpTo?: number;
  readonly notes: readonly string[];
}

/** The two graphs, open. What the encoder gives is handed to the decoder as it is. */
export interface Calls {
  /** Which of the encoder's tensors is the image embedding. */
  readonly embedding: string;
  encode(input: ModelInput): Promise<NamedTensors>;
  decode(image: NamedTensors, prompts: readonly Prompt<"model">[]): Promise<readonly MaskPrediction[]>;
}

export interface Sessions {
  readonly encoder: Session;
  readonly decoder: Session;
}

/** One exporter's way to cut a model into two ONNX files: how they are told by their names, and how they are fed. */
export interface Layout {
  readonly title: string;
  /** Whether its encoders may take raw pixels or normalised ones, so that `--input` means something. */
  readonly takesEither?: true;
  readonly encoder: WantedGraph;
  readonly decoder: WantedGraph;
  /** Throws HarnessError where the pair is of this layout and can not be run all the same. */
  describe(pair: Pair, input: EncoderInput | undefined): Traits | Promise<Traits>;
  open(pair: Pair, sessions: Sessions): Calls;
}

const float = ["float32"];
/** What takes whole numbers takes them in any of these types. */
const whole = ["float32", "int64", "int32"];

/** A value of floats, by its name and dimensions. */
export function floats(name: string, dims: Wanted["dims"]): Wanted {
  return { name, types: float, dims };
}

/** A value of floats that has another name in every export. */
export function unnamedFloats(dims: Wanted["dims"]): Wanted {
  return { types: float, dims };
}

/** A value of whole numbers: labels, sizes. */
export function numbers(name: string, dims: Wanted["dims"]): Wanted {
  return { name, types: whole, dims };
}
