import { createHash } from "node:crypto";
import { closeSync, openSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { AttributeValue, GraphConstant, GraphNode, GraphValue, OnnxGraph, TypedData } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { roundedTo } from "./halves.ts";
import { type Decoded, schema } from "./modelSchema.ts";
import { elementTypeCodes } from "./operators/shapes.ts";

const defaults = {
  /** Above this a graph's tensors go to a file of their own: protobuf refuses 2 GiB, and a small model file loads lazily. */
  inlineLimitBytes: 16 * 2 ** 20,
  /** Shapes and scales stay in the model file, where the runtime's own shape inference reads them. */
  smallTensorBytes: 1024,
  /** Tensors start on pages, so that the runtime can map them. */
  pageBytes: 4096,
};

/** Versions of the format and of the sets of operators that every graph declares; ONNX's own set is called "" in a file. */
export const modelVersions = { ir: 10, opsets: { "ai.onnx": 21, "com.microsoft": 1 } } as const;

/**
 * Writes `<folder>/<graph.name>.onnx`, and `beside` (`<graph.name>.weights` if left out) in the same folder where the tensors are
 * large. The same graph gives the same bytes. Tensors are read and let go one at a time.
 * Returns the path of the model file. Throws HarnessError where the disk is too small, before anything is written.
 */
export function writeGraph(graph: OnnxGraph, folder: string, beside = `${graph.name}.weights`): string {
  const file = join(folder, `${graph.name}.onnx`);
  requireDisk(file, graph.counts.constantBytes);
  const external = graph.counts.constantBytes > defaults.inlineLimitBytes;
  const tensors = external
    ? withSideFile(join(folder, beside), (side) => graph.constants.map((each) => placed(each, side)))
    : graph.constants.map(inline);
  const model = encodeModel(graph, tensors);
  sayingDiskFull(file, () => writeFileSync(file, model));
  return file;
}

/** Returns a digest of everything but the tensors' values: nodes, shapes, names. Reads no weight. */
export function structureHash(graph: OnnxGraph): string {
  const tensors = graph.constants.map((constant) => tensorHeader(constant));
  return createHash("sha256").update(encodeModel(graph, tensors)).digest("hex");
}

function encodeModel(graph: OnnxGraph, tensors: readonly object[]): Uint8Array {
  const model = schema.lookupType("Model");
  return model
    .encode({
      ir_version: modelVersions.ir,
      producer_name: "sam-bench",
      opset_import: [
        { domain: "", version: modelVersions.opsets["ai.onnx"] },
        { domain: "com.microsoft", version: modelVersions.opsets["com.microsoft"] },
      ],
      graph: {
        name: graph.name,
        node: writtenNodes(graph).map((node) => ({
          input: node.inputs,
          output: node.outputs,
          name: node.outputs[0],
          op_type: node.operator,
          attribute: Object.entries(node.attributes).map(attribute),
          domain: node.domain,
        })),
        initializer: tensors,
        input: graph.inputs.map(valueInfo),
        output: graph.outputs.map(valueInfo),
      },
    })
    .finish();
}

/**
 * Returns the graph's nodes, and before them those that turn numbers stored in 16 bits into what the graph's nodes read: one for
 * each tensor, however many read it.
 */
function writtenNodes({ nodes, constants }: OnnxGraph): readonly GraphNode[] {
  const casts = constants.filter(({ storedAs }) => storedAs !== undefined).map(castOf);
  const castNames = new Map(casts.map(({ inputs: [stored], outputs: [cast] }) => [stored!, cast!]));
  const reading = nodes.map((node) => ({ ...node, inputs: node.inputs.map((name) => castNames.get(name) ?? name) }));
  return [...casts, ...reading];
}

/** The tensor keeps its name, by which other tools know it. */
function castOf({ name, type }: GraphConstant): GraphNode {
  const to = elementTypeCodes[type];
  return { operator: "Cast", domain: "", inputs: [name], outputs: [`${name}:${type}`], attributes: { to } };
}

/** A piece of a graph that is appended to a model: nodes without attributes, lists of whole numbers, inputs, and names of outputs. */
export interface GraphPart {
  readonly inputs?: readonly GraphValue[];
  readonly nodes: readonly Pick<GraphNode, "operator" | "inputs" | "outputs">[];
  readonly numbers: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly outputs: readonly string[];
}

/**
 * Returns the bytes that add a part to any model when they stand behind it: of a message that is written twice, protobuf joins
 * the lists. The runtime infers the types of outputs that are named alone.
 */
export function encodeGraphPart({ inputs = [], nodes, numbers, outputs }: GraphPart): Uint8Array {
  const model = schema.lookupType("Model");
  return model
    .encode({
      graph: {
        node: nodes.map(({ operator, inputs, outputs: given }) => ({
          input: inputs,
          output: given,
          op_type: operator,
        })),
        initializer: numbers.map(({ name, values }) => ({
          name,
          dims: [values.length],
          data_type: elementTypeCodes.int64,
          raw_data: bytesOf(BigInt64Array.from(values, BigInt)),
        })),
        input: inputs.map(valueInfo),
        output: outputs.map((name) => ({ name })),
      },
    })
    .finish();
}

/** Says how two models are made of one: `encodeGraphPart` gives what may stand between them. */
export interface Cut {
  /** Tells whether the node at this place is of the second model. */
  readonly isLate: (node: number) => boolean;
  /** Names of values that nodes of the second model read in place of others. */
  readonly inPlaceOf: ReadonlyMap<string, string>;
  /** Output that the first model does not name. */
  readonly output: string;
}

/**
 * Cuts a model's nodes into two models; everything else stays in the first one. What is written of nodes, tensors and inputs is
 * what the file has, byte for byte, but for the names in `inPlaceOf`.
 */
export function cutModel(bytes: Uint8Array, { isLate, inPlaceOf, output }: Cut): readonly [Uint8Array, Uint8Array] {
  const type = schema.lookupType("WiredModel");
  const model = type.decode(bytes) as Decoded & { readonly graph: WiredGraph };
  const { graph } = model;
  const late = graph.node
    .filter((_, i) => isLate(i))
    .map((node) => ({ ...node, input: node.input.map((name) => inPlaceOf.get(name) ?? name) }));
  const first = {
    ...graph,
    node: graph.node.filter((_, i) => !isLate(i)),
    output: graph.output.filter(({ name }) => name !== output),
  };
  return [type.encode({ ...model, graph: first }).finish(), type.encode({ graph: { node: late } }).finish()];
}

/** The place of a tensor's values: a range of a file beside the model. */
export interface TensorPlace {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** Returns a model that finds its tensors in other places; `placeOf` gives each its own. All else is what the file has. */
export function withTensorsAt(bytes: Uint8Array, placeOf: (tensor: TensorPlace) => TensorPlace): Uint8Array {
  const modelType = schema.lookupType("WiredModel");
  const tensorType = schema.lookupType("Tensor");
  const model = modelType.decode(bytes) as Decoded & { readonly graph: WiredGraph };
  const initializer = model.graph.initializer.map((written) => {
    const tensor = tensorType.decode(written) as Decoded & { readonly external_data: readonly WiredEntry[] };
    if (tensor.external_data.length === 0) return written;
    const { location, offset, length } = Object.fromEntries(tensor.external_data.map(({ key, value }) => [key, value]));
    const place = placeOf({ location: location!, offset: Number(offset), length: Number(length) });
    return tensorType.encode({ ...tensor, external_data: entriesOf(place) }).finish();
  });
  return modelType.encode({ ...model, graph: { ...model.graph, initializer } }).finish();
}

function entriesOf(place: TensorPlace): readonly WiredEntry[] {
  return Object.entries(place).map(([key, value]) => ({ key, value: String(value) }));
}

interface WiredEntry {
  readonly key: string;
  readonly value: string;
}

interface WiredGraph {
  readonly initializer: readonly Uint8Array[];
  readonly node: readonly { readonly input: readonly string[] }[];
  readonly output: readonly { readonly name: string }[];
}

function attribute([name, value]: [string, AttributeValue]): object {
  if (typeof value === "string") return { name, s: Buffer.from(value), type: 3 };
  if (typeof value === "number") return { name, i: value, type: 2 };
  if ("float" in value) return { name, f: value.float, type: 1 };
  return { name, ints: value, type: 7 };
}

function valueInfo({ name, type, dims }: GraphValue): object {
  const dim = dims.map((size) => (typeof size === "number" ? { dim_value: size } : { dim_param: size }));
  return { name, type: { tensor_type: { elem_type: elementTypeCodes[type], shape: { dim } } } };
}

function tensorHeader({ name, type, dims, storedAs }: GraphConstant): object {
  return { name, dims, data_type: elementTypeCodes[storedAs ?? type] };
}

function inline(constant: GraphConstant): object {
  return { ...tensorHeader(constant), raw_data: storedBytes(constant) };
}

function storedBytes({ storedAs, read }: GraphConstant): Uint8Array {
  const values = read();
  return bytesOf(storedAs === undefined ? values : roundedTo(storedAs, values as Float32Array));
}

interface SideFile {
  readonly name: string;
  readonly handle: number;
  offset: number;
}

function withSideFile<T>(file: string, write: (side: SideFile) => T): T {
  const handle = openSync(file, "w");
  try {
    return sayingDiskFull(file, () => write({ name: basename(file), handle, offset: 0 }));
  } finally {
    closeSync(handle);
  }
}

/** Another program may fill the disk after `requireDisk` has looked. */
function sayingDiskFull<T>(file: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    // A quota or a limit on file size is a full disk for this user.
    if (!["ENOSPC", "EDQUOT", "EFBIG"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    throw new HarnessError(`${file}: the disk is full`, {
      hint: "free space on it, or set SAM_BENCH_HOME to another disk",
      cause: error,
    });
  }
}

/** Writes small tensors inline, and large ones at the next page of the side file. */
function placed(constant: GraphConstant, side: SideFile): object {
  if (constant.bytes <= defaults.smallTensorBytes) return inline(constant);
  const bytes = storedBytes(constant);
  const offset = Math.ceil(side.offset / defaults.pageBytes) * defaults.pageBytes;
  for (let done = 0; done < bytes.length; )
    done += writeSync(side.handle, bytes, done, bytes.length - done, offset + done);
  side.offset = offset + bytes.length;
  return {
    ...tensorHeader(constant),
    external_data: entriesOf({ location: side.name, offset, length: bytes.length }),
    data_location: 1,
  };
}

function bytesOf(data: TypedData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function requireDisk(file: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(dirname(file));
  const free = bavail * bsize;
  if (free >= bytes * 1.02) return;
  throw new HarnessError(`${file}: not enough disk space`, {
    found: `${(free / 2 ** 20).toFixed(0)} MiB free`,
    expected: `${((bytes * 1.02) / 2 ** 20).toFixed(0)} MiB`,
    hint: "free space on it, or set SAM_BENCH_HOME to another disk",
  });
}
