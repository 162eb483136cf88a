import type { DeclaredNode, GraphBody } from "../api.ts";
import { limits } from "../limits.ts";
import { eachField, type Field } from "./files/protobuf.ts";

/** Field numbers of onnx.proto that are read of nodes and of the tensors in a graph. */
const at = {
  graph: { node: 1, initializer: 5, sparse: 15 },
  node: { input: 1, output: 2, name: 3, operator: 4, attribute: 5 },
  attribute: {
    name: 1,
    integer: 3,
    text: 4,
    tensor: 5,
    graph: 6,
    integers: 8,
    tensors: 10,
    graphs: 11,
    type: 20,
    sparse: 22,
    sparses: 23,
  },
  attributeType: { integer: 2, text: 3, integers: 7 },
  sparse: { values: 1, indices: 2 },
  tensor: { dims: 1, type: 2, floats: 4, int32s: 5, int64s: 7, name: 8, raw: 9, external: 13 },
  entry: { key: 1, value: 2 },
} as const;

/** TensorProto.DataType by number, 0 the first. */
export const elementTypes =
  "undefined float32 uint8 int8 uint16 int16 int32 int64 string bool float16 float64 uint32 uint64 complex64 complex128 bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1".split(
    " ",
  );

/** A constant of at most so many numbers is read: the one that images are normalised by has three. */
const smallest = 16;

/** The longest list of an attribute that is read: a Transpose orders as many axes as its values have. */
const longestList = 16;

/** Bytes of the longest text of an attribute that is read: `align_corners` has 13. */
const longestText = 64;

/** A file has too much of something, though it may be well formed otherwise. */
export class OverLimit extends Error {
  readonly expected: string;

  constructor(found: string, expected: string) {
    super(found);
    this.expected = expected;
  }
}

interface Attribute {
  readonly name: string;
  readonly values: readonly number[] | undefined;
  readonly scalar: number | string | readonly number[] | undefined;
}

/** Reads the nodes of a graph, the graphs inside them counted, and which tensors it stores. Throws OverLimit, RangeError. */
export class BodyReader {
  readonly externalFiles = new Set<string>();
  readonly initializers = new Set<string>();
  readonly #nodes: DeclaredNode[] = [];
  readonly #constants = new Map<string, readonly number[]>();
  readonly #stored = new Map<string, number>();
  #count = 0;

  /** Takes a field of the graph, if it is one that is read here. */
  take(field: Field): void {
    if (field.number === at.graph.node) this.#node(field, 0);
    else if (field.number === at.graph.initializer) this.#initializer(field);
    else if (field.number === at.graph.sparse) this.#sparse(field);
  }

  body(): GraphBody {
    const { initializers } = this;
    return { nodes: this.#nodes, constants: this.#constants, stored: Object.fromEntries(this.#stored), initializers };
  }

  #initializer(field: Field): void {
    const { name, type, elements, values } = this.#tensor(field);
    this.initializers.add(name);
    this.#stored.set(type, (this.#stored.get(type) ?? 0) + elements);
    if (values !== undefined) this.#constants.set(name, values);
  }

  #node(field: Field, depth: number): void {
    this.#count += 1;
    if (this.#count > limits.onnxNodes)
      throw new OverLimit(`over ${limits.onnxNodes} nodes`, `at most ${limits.onnxNodes}`);
    const inputs: string[] = [];
    const outputs: string[] = [];
    let name = "";
    let operator = "";
    let constant: readonly number[] | undefined;
    const attributes: Record<string, number | string | readonly number[]> = {};
    for (const part of eachField(field)) {
      if (part.number === at.node.input) inputs.push(part.text());
      else if (part.number === at.node.output) outputs.push(part.text());
      else if (part.number === at.node.name) name = part.text();
      else if (part.number === at.node.operator) operator = part.text();
      else if (part.number === at.node.attribute) {
        const attribute = this.#attribute(part, depth);
        constant = attribute.values ?? constant;
        if (attribute.scalar !== undefined) attributes[attribute.name] = attribute.scalar;
      }
    }
    if (depth > 0) return;
    const read = Object.keys(attributes).length === 0 ? undefined : attributes;
    this.#nodes.push({ name, operator, inputs, outputs, attributes: read });
    if (operator === "Constant" && constant !== undefined) this.#constants.set(outputs[0] ?? "", constant);
  }

  /** Returns the numbers of a small tensor, or a whole number or short text, if that is what the attribute holds. */
  #attribute(field: Field, depth: number): Attribute {
    let name = "";
    let type = 0;
    let values: readonly number[] | undefined;
    let text: string | undefined;
    const list: number[] = [];
    // A writer may leave zeros out.
    let integer = 0;
    for (const part of eachField(field)) {
      const { number } = part;
      if (number === at.attribute.name) name = part.text();
      else if (number === at.attribute.type) type = part.value;
      else if (number === at.attribute.integer) integer = part.value;
      else if (number === at.attribute.integers && list.length <= longestList) list.push(...part.varints());
      else if (number === at.attribute.text && part.end - part.start <= longestText) text = part.text();
      else if (number === at.attribute.tensor || number === at.attribute.tensors) values = this.#tensor(part).values;
      else if (number === at.attribute.sparse || number === at.attribute.sparses) this.#sparse(part);
      else if (number === at.attribute.graph || number === at.attribute.graphs) this.#subgraph(part, depth + 1);
    }
    return { name, values, scalar: scalarOf(type, { integer, text, list }) };
  }

  #subgraph(graph: Field, depth: number): void {
    if (depth > limits.onnxNesting)
      throw new OverLimit(`graphs inside one another ${depth} deep`, `at most ${limits.onnxNesting}`);
    for (const part of eachField(graph)) {
      if (part.number === at.graph.node) this.#node(part, depth);
      else if (part.number === at.graph.initializer) this.#tensor(part);
      else if (part.number === at.graph.sparse) this.#sparse(part);
    }
  }

  #sparse(field: Field): void {
    for (const part of eachField(field))
      if (part.number === at.sparse.values || part.number === at.sparse.indices) this.#tensor(part);
  }

  #tensor(field: Field) {
    let name = "";
    let type = "undefined";
    let elements = 1;
    let values: (() => readonly number[]) | undefined;
    for (const part of eachField(field)) {
      if (part.number === at.tensor.name) name = part.text();
      else if (part.number === at.tensor.type) type = elementTypes[part.value] ?? `type ${part.value}`;
      else if (part.number === at.tensor.dims) for (const dim of part.varints()) elements *= dim;
      else if (part.number === at.tensor.external) this.#external(part);
      else if (part.number === at.tensor.raw || part.number === at.tensor.floats) values = () => floatsOf(part);
    }
    const readable = values !== undefined && type === "float32" && elements <= smallest;
    return { name, type, elements, values: readable ? values!() : undefined };
  }

  #external(entry: Field): void {
    let key = "";
    let value = "";
    for (const part of eachField(entry)) {
      if (part.number === at.entry.key) key = part.text();
      else if (part.number === at.entry.value) value = part.text();
    }
    if (key === "location") this.externalFiles.add(value);
  }
}

/** Returns what an attribute of this type holds; nothing for a type, or a list of a length, that is not read. */
function scalarOf(
  type: number,
  { integer, text, list }: { readonly integer: number; readonly text: string | undefined; readonly list: number[] },
): Attribute["scalar"] {
  const { attributeType } = at;
  if (type === attributeType.integer) return integer;
  if (type === attributeType.text) return text;
  return type === attributeType.integers && list.length <= longestList ? list : undefined;
}

function floatsOf(field: Field): readonly number[] {
  const bytes = field.bytes(4 * smallest);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => view.getFloat32(4 * i, true));
}
