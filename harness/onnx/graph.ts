import { withValues } from "../absent.ts";
import type {
  AttributeValue,
  Dim,
  ElementType,
  GraphConstant,
  GraphCounts,
  GraphNode,
  GraphValue,
  OnnxGraph,
  TypedData,
  Weight,
} from "../api.ts";
import { isBuffer } from "../weights/index.ts";
import { evaluateDim } from "./dims.ts";
import { ruleOf } from "./operators/index.ts";
import { domainOf } from "./operators/rule.ts";

const elementBytes: Readonly<Record<ElementType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int8: 1,
  int4: 0.5,
  uint8: 1,
  bool: 1,
};

interface Apply {
  /** Number of outputs; 1 if left out. */
  readonly outputs?: number;
  /** Shape of the first output where it follows from values of the run (Expand, Tile). */
  readonly vouched?: readonly Dim[];
}

interface Derived {
  readonly name: string;
  readonly dims: readonly number[];
  /** Tensors of the checkpoint that this one is made of; they are read when the file is written. */
  readonly from: readonly Weight[];
  compute(...arrays: Float32Array[]): Float32Array;
}

interface Work {
  readonly operator: string;
  readonly products: readonly (readonly Dim[])[];
}

/**
 * Builds a graph value by value. Each operator's shape is inferred and checked as it is added, so a wrong graph fails
 * where it is written, not in the runtime. Names and bytes follow from the calls alone.
 */
export class GraphBuilder {
  readonly name: string;
  readonly #inputs: GraphValue[] = [];
  readonly #outputs: GraphValue[] = [];
  readonly #constants = new Map<string, GraphConstant>();
  readonly #ints = new Map<string, readonly number[]>();
  readonly #nodes: GraphNode[] = [];
  readonly #values = new Map<string, GraphValue>();
  readonly #parameters = new Map<string, number>();
  readonly #work: Work[] = [];
  readonly #names = new Map<string, number>();
  #scope = "";

  constructor(name: string) {
    this.name = name;
  }

  input(name: string, dims: readonly Dim[], type: ElementType = "float32"): GraphValue {
    if (this.#inputs.some((known) => known.name === name))
      throw new Error(`${this.name}: two inputs are named ${name}`);
    const value = { name, type, dims };
    this.#inputs.push(value);
    this.#values.set(name, value);
    return value;
  }

  /** Gives a value its public name. */
  output(name: string, value: GraphValue): void {
    if (this.#outputs.some((known) => known.name === name))
      throw new Error(`${this.name}: two outputs are named ${name}`);
    this.#nodes.push({ operator: "Identity", domain: "", inputs: [value.name], outputs: [name], attributes: {} });
    const output = { ...value, name };
    this.#outputs.push(output);
    this.#values.set(name, output);
  }

  /** Names what is added meanwhile after a part of the model, as PyTorch names its modules. */
  within<T>(scope: string, add: () => T): T {
    const outer = this.#scope;
    this.#scope = outer === "" ? scope : `${outer}.${scope}`;
    try {
      return add();
    } finally {
      this.#scope = outer;
    }
  }

  /** Adds a tensor of the checkpoint as it is. */
  weight(weight: Weight): GraphValue {
    return this.derived({ name: weight.name, dims: weight.dims, from: [weight], compute: (values) => values });
  }

  /** Adds a tensor that is computed from the checkpoint's when the file is written: transposed, folded, gathered. */
  derived({ name, dims, from, compute }: Derived): GraphValue {
    for (const weight of from) if (!isBuffer(weight.name)) this.#parameters.set(weight.name, count(weight.dims));
    const read = () => {
      const values = compute(...from.map((weight) => weight.read()));
      if (values.length !== count(dims)) throw new Error(`${name}: ${values.length} values for [${dims}]`);
      return values;
    };
    return this.constant(name, "float32", dims, read);
  }

  /** Takes over the parameters that another graph was built from. */
  inheritParameters(parameters: ReadonlyMap<string, number>): void {
    for (const [name, elements] of parameters) this.#parameters.set(name, elements);
  }

  /** Counts a tensor that the results do not depend on, such as a bias that softmax does not see; nothing is stored. */
  withoutEffect(weight: Weight): void {
    this.#parameters.set(weight.name, count(weight.dims));
  }

  /** Adds a tensor that does not come from the checkpoint. */
  constant(name: string, type: ElementType, dims: readonly number[], read: () => TypedData): GraphValue {
    const known = this.#constants.get(name);
    if (known !== undefined) {
      if (known.type !== type || known.dims.join() !== dims.join())
        throw new Error(`constant ${name} stands twice, as ${known.type} [${known.dims}] and ${type} [${dims}]`);
      return known;
    }
    return this.#keep({ name, type, dims, bytes: Math.ceil(count(dims) * elementBytes[type]), read });
  }

  /** Adds a constant of another graph, stored as it is there. */
  constantOf(constant: GraphConstant): GraphValue {
    const { name, type, dims, read } = constant;
    const added = this.constant(name, type, dims, () => read());
    return constant.storedAs === undefined ? added : this.#keep(constant);
  }

  /** Adds a list of int64: shapes, axes, indices. Equal lists are one constant. */
  ints(values: readonly number[]): GraphValue {
    const name = `ints[${values.length > 8 ? `${values.length}:${fingerprint(values)}` : values}]`;
    const known = this.#ints.get(name);
    if (known !== undefined && known.join() !== values.join())
      throw new Error(`two index lists share the name ${name}`);
    this.#ints.set(name, values);
    return this.constant(name, "int64", [values.length], () => BigInt64Array.from(values, BigInt));
  }

  /** Adds one float32 number, of rank 0. */
  number(value: number): GraphValue {
    return this.constant(`number[${value}]`, "float32", [], () => Float32Array.of(value));
  }

  op(
    operator: string,
    inputs: readonly (GraphValue | undefined)[],
    attributes: Attributes = {},
    how: Apply = {},
  ): GraphValue {
    return this.ops(operator, inputs, attributes, how)[0]!;
  }

  /** Adds an operator of several outputs, as `op` adds one of a single output. */
  ops(
    operator: string,
    inputs: readonly (GraphValue | undefined)[],
    given: Attributes = {},
    how: Apply = {},
  ): GraphValue[] {
    const rule = ruleOf(operator);
    const base = this.#unique(operator);
    const attributes = withValues(given) as GraphNode["attributes"];
    const call = {
      operator,
      inputs,
      attributes,
      outputCount: how.outputs ?? 1,
      ints: (index: number) => this.#intsOf(operator, inputs[index]),
      vouched: how.vouched,
    };
    try {
      const shapes = rule.infer(call);
      const products = rule.macs?.(call, shapes);
      if (products !== undefined) this.#work.push({ operator, products });
      const values = shapes.map((shape, i) => ({ ...shape, name: shapes.length === 1 ? base : `${base}:${i}` }));
      this.#nodes.push({
        operator,
        domain: domainOf(rule, attributes),
        inputs: inputs.map((value) => value?.name ?? ""),
        outputs: values.map((value) => value.name),
        attributes,
      });
      for (const value of values) this.#values.set(value.name, value);
      return values;
    } catch (error) {
      throw new Error(`${this.name}: ${base}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }

  /** Leaves out what nothing uses any more in a rewritten graph: constants, and nodes that only gave them another shape. */
  dropUnused(): void {
    const outputs = this.#outputs.map(({ name }) => name);
    const taken = () => new Set([...this.#nodes.flatMap(({ inputs }) => inputs), ...outputs]);
    const before = taken();
    const used = this.#nodes.filter(({ operator, outputs: [first] }) => operator !== "Reshape" || before.has(first!));
    this.#nodes.splice(0, this.#nodes.length, ...used);
    const after = taken();
    for (const name of this.#constants.keys()) if (!after.has(name)) this.#constants.delete(name);
  }

  finish(): OnnxGraph {
    const constants = [...this.#constants.values()];
    const work = this.#work;
    const counts: GraphCounts = {
      parameters: this.#parameters,
      constants: constants.reduce((sum, constant) => sum + count(constant.dims), 0),
      constantBytes: constants.reduce((sum, constant) => sum + constant.bytes, 0),
      macs: (bindings = {}) => macsByOperator(work, bindings),
    };
    const { name } = this;
    const inputs = this.#inputs;
    const outputs = this.#outputs;
    const nodes = this.#nodes;
    const values = this.#values;
    return { name, inputs, outputs, constants, nodes, values, counts };
  }

  #keep(constant: GraphConstant): GraphConstant {
    this.#constants.set(constant.name, constant);
    this.#values.set(constant.name, constant);
    return constant;
  }

  #unique(operator: string): string {
    const base = this.#scope === "" ? operator : `${this.#scope}/${operator}`;
    const uses = this.#names.get(base) ?? 0;
    this.#names.set(base, uses + 1);
    return uses === 0 ? base : `${base}_${uses}`;
  }

  #intsOf(operator: string, value: GraphValue | undefined): readonly number[] {
    const values = value === undefined ? undefined : this.#ints.get(value.name);
    if (values === undefined) throw new Error(`${operator} needs a constant made by ints()`);
    return values;
  }
}

type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

function count(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

function macsByOperator(work: readonly Work[], bindings: Readonly<Record<string, number>>): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { operator, products } of work)
    for (const factors of products) {
      const macs = factors.reduce<number>((total, dim) => total * evaluateDim(dim, bindings), 1);
      totals.set(operator, (totals.get(operator) ?? 0) + macs);
    }
  return totals;
}

/** Returns FNV-1a over the numbers, which names long lists of indices. */
function fingerprint(values: readonly number[]): string {
  let hash = 0x811c9dc5;
  for (const value of values) hash = Math.imul(hash ^ value, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}
