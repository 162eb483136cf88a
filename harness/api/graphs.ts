/** `float16` and `bfloat16` are 16 bits each, held as whole numbers; two of `int4` are held in a byte, the first in its low half. */
export type ElementType = "float32" | HalfType | "int64" | "int32" | "int8" | "int4" | "uint8" | "bool";

/** Floating point of 16 bits: `float16` is IEEE 754's binary16, `bfloat16` the upper half of a float32. */
export type HalfType = "float16" | "bfloat16";

/** A number, or a name (or sum of names and numbers) that is known when the graph runs. */
export type Dim = number | string;

export interface GraphValue {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly Dim[];
}

export type TypedData = Float32Array | Uint16Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;

/** A tensor baked into the graph. `read` is called once, when the file is written, and the array is let go after that. */
export interface GraphConstant extends GraphValue {
  readonly dims: readonly number[];
  /** Bytes in the file. */
  readonly bytes: number;
  /**
   * Present for float32 numbers that the file holds in 16 bits, with a Cast to float32 behind them. `read` still returns float32;
   * they are rounded when the file is written.
   */
  readonly storedAs?: HalfType | undefined;
  read(): TypedData;
}

export type AttributeValue = number | string | readonly number[] | { readonly float: number };

export interface GraphNode {
  readonly operator: string;
  /** Empty for ONNX's own operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** The counts that papers report. Multiply-accumulates are given by operator; symbolic dimensions are bound by name. */
export interface GraphCounts {
  /** Name → elements of the checkpoint's tensors that the graph was built from, buffers left out. */
  readonly parameters: ReadonlyMap<string, number>;
  /** Counts the elements of everything that is written into the file, folded and gathered tensors included. */
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
  /** All values by name: inputs, constants and what each node gives, outputs included. */
  readonly values: ReadonlyMap<string, GraphValue>;
  readonly counts: GraphCounts;
}

/** A value as it is declared by an ONNX file that someone else wrote. */
export interface DeclaredValue {
  readonly name: string;
  /** float32, int64, float16 … */
  readonly type: string;
  /** Absent where the file leaves even the rank open; "?" for a dimension that it says nothing of. */
  readonly dims?: readonly Dim[];
}

/** The signature of an ONNX file says what the graph takes and what it gives. */
export interface GraphSignature {
  readonly file: string;
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
  /** Names of the files beside it that hold its tensors. */
  readonly externalFiles: readonly string[];
  /** Absent where only the names of a graph are known. */
  readonly body?: GraphBody;
}

/** A node of someone else's graph, by its operator's and its values' names, and its attributes as far as they are looked at. */
export interface DeclaredNode {
  /** Absent, or empty, where the exporter gave none. */
  readonly name?: string | undefined;
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whole numbers, short lists of them and short texts by name: the mode of a Resize. Absent where the node has none. */
  readonly attributes?: Readonly<Record<string, number | string | readonly number[]>> | undefined;
}

/** The body of an ONNX file says what the graph computes, as far as it is looked at. */
export interface GraphBody {
  /** The nodes of the outermost graph; those inside If and Loop are left out. */
  readonly nodes: readonly DeclaredNode[];
  /** Constants of a few float32 numbers, by name. */
  readonly constants: ReadonlyMap<string, readonly number[]>;
  /** Elements of the tensors that are stored with the graph, by type. */
  readonly stored: Readonly<Record<string, number>>;
  /** Names of these tensors; absent where only their number is known. */
  readonly initializers?: ReadonlySet<string>;
}
