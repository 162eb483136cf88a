import { dirname, join } from "node:path";
import { limits } from "../../limits.ts";
import { elementTypes, OverLimit } from "../graphBody.ts";
import { readModel } from "./modelFile.ts";
import { eachField, type Field } from "./protobuf.ts";

/** Field numbers of onnx.proto that are read of nodes with their names, and of the places of stored tensors. */
const at = {
  graph: { node: 1, initializer: 5 },
  node: { input: 1, output: 2, name: 3, operator: 4, attribute: 5 },
  attribute: { tensor: 5 },
  tensor: { dims: 1, type: 2, floats: 4, name: 8, raw: 9, external: 13 },
  entry: { key: 1, value: 2 },
} as const;

/** A node of the outermost graph. */
export interface NamedNode {
  /** Empty where the exporter gave none. */
  readonly name: string;
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A tensor that a file stores, a weight or a constant; its values stay where they lie. */
export interface StoredValues {
  readonly name: string;
  /** float32, int64, float16 … */
  readonly type: string;
  readonly dims: readonly number[];
  /** The values lie here, little-endian and one behind the other; absent where they are written in another way. */
  readonly place?: { readonly file: string; readonly offset: number; readonly bytes: number } | undefined;
}

/** Nodes of a graph in the file's order, which computes each value before it is read, and the tensors stored with it. */
export interface GraphContents {
  readonly nodes: readonly NamedNode[];
  readonly stored: ReadonlyMap<string, StoredValues>;
  /** Version of ONNX's own operators; absent where the file names none. */
  readonly opset: number | undefined;
}

/**
 * Reads the nodes of a graph and where its tensors lie, but no values. The value of a Constant node counts as a stored tensor.
 * Throws HarnessError as `readSignature` does.
 */
export function readContents(file: string): GraphContents {
  return readModel(file, ({ graph, opset }) => {
    const nodes: NamedNode[] = [];
    const stored = new Map<string, StoredValues>();
    for (const field of eachField(graph)) {
      if (field.number === at.graph.initializer) {
        const tensor = storedValues(field, file);
        stored.set(tensor.name, tensor);
      } else if (field.number === at.graph.node) {
        const { node, constant } = namedNode(field, file);
        if (nodes.push(node) > limits.onnxNodes)
          throw new OverLimit(`over ${limits.onnxNodes} nodes`, `at most ${limits.onnxNodes}`);
        if (constant !== undefined) stored.set(constant.name, constant);
      }
    }
    return { nodes, stored, opset };
  });
}

function namedNode(
  field: Field,
  file: string,
): { readonly node: NamedNode; readonly constant?: StoredValues | undefined } {
  const inputs: string[] = [];
  const outputs: string[] = [];
  let name = "";
  let operator = "";
  let value: Field | undefined;
  for (const part of eachField(field)) {
    if (part.number === at.node.input) inputs.push(part.text());
    else if (part.number === at.node.output) outputs.push(part.text());
    else if (part.number === at.node.name) name = part.text();
    else if (part.number === at.node.operator) operator = part.text();
    else if (part.number === at.node.attribute) value = tensorOf(part) ?? value;
  }
  const node = { name, operator, inputs, outputs };
  const [given] = outputs;
  if (operator !== "Constant" || value === undefined || given === undefined) return { node };
  return { node, constant: { ...storedValues(value, file), name: given } };
}

function tensorOf(attribute: Field): Field | undefined {
  for (const part of eachField(attribute)) if (part.number === at.attribute.tensor) return part;
  return undefined;
}

function storedValues(field: Field, file: string): StoredValues {
  const dims: number[] = [];
  const external = new Map<string, string>();
  let name = "";
  let type = "undefined";
  let inside: Field | undefined;
  for (const part of eachField(field)) {
    if (part.number === at.tensor.name) name = part.text();
    else if (part.number === at.tensor.type) type = elementTypes[part.value] ?? `type ${part.value}`;
    else if (part.number === at.tensor.dims) dims.push(...part.varints());
    else if (part.number === at.tensor.raw || part.number === at.tensor.floats) inside = part;
    else if (part.number === at.tensor.external) {
      const [key, value] = entryOf(part);
      external.set(key, value);
    }
  }
  return { name, type, dims, place: placeOf(file, inside, external) };
}

function placeOf(
  file: string,
  inside: Field | undefined,
  external: ReadonlyMap<string, string>,
): StoredValues["place"] {
  const location = external.get("location");
  const length = external.get("length");
  if (location !== undefined && length !== undefined)
    return { file: join(dirname(file), location), offset: Number(external.get("offset") ?? 0), bytes: Number(length) };
  if (inside === undefined || location !== undefined) return undefined;
  return { file, offset: inside.start, bytes: inside.end - inside.start };
}

function entryOf(entry: Field): readonly [key: string, value: string] {
  let key = "";
  let value = "";
  for (const part of eachField(entry)) {
    if (part.number === at.entry.key) key = part.text();
    else if (part.number === at.entry.value) value = part.text();
  }
  return [key, value];
}
