import type { GraphConstant, GraphNode, GraphValue, HalfType, OnnxGraph } from "../../api.ts";
import type { GraphBuilder } from "../graph.ts";
import { roundedTo } from "../halves.ts";
import { elementTypeCodes } from "../operators/shapes.ts";
import { halfNodes } from "./halfNodes.ts";
import { rewriteGraph } from "./rewrite.ts";
import { storedIn, withinRange } from "./storedIn.ts";

type FloatType = "float32" | HalfType;

/**
 * Returns the graph with its products, and what leads from one to the next, in 16 bits: for a provider that computes so. Inputs and
 * outputs stay float32, with Casts behind and before them, and so does what `halfNodes` leaves. Weights are stored in 16 bits.
 * Writing the graph throws HarnessError where a weight is too large for the type.
 */
export function computedIn(graph: OnnxGraph, type: HalfType): OnnxGraph {
  const half = halfNodes(graph, type);
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant]));
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const given = new Set(graph.nodes.filter((node) => outputs.has(node.outputs[0]!)).map(({ inputs }) => inputs[0]!));
  let forms: Forms | undefined;
  const computed = rewriteGraph(graph, (node, inputs, builder) => {
    forms ??= new Forms(builder);
    const own = half.has(node) ? type : "float32";
    const read = inputs.map((value, i) => value && forms!.of(value, own, constants.get(node.inputs[i]!)));
    const { dims } = graph.values.get(node.outputs[0]!)!;
    const results = builder.ops(node.operator, read, attributesOf(node, own), {
      outputs: node.outputs.length,
      vouched: dims,
    });
    // An output of the graph takes its value as it is here.
    return results.map((result, i) => (given.has(node.outputs[i]!) ? forms!.of(result, "float32") : result));
  });
  return storedIn(computed, type);
}

/** A Cast to float32 from whole numbers gives the type that is computed in. */
function attributesOf({ operator, attributes }: GraphNode, type: FloatType): GraphNode["attributes"] {
  const casts = operator === "Cast" && attributes.to === elementTypeCodes.float32;
  return casts ? { ...attributes, to: elementTypeCodes[type] } : attributes;
}

/** Holds each value in the types in which it was asked for, so that it is cast once to each. */
class Forms {
  readonly #builder: GraphBuilder;
  readonly #known = new Map<string, GraphValue>();

  constructor(builder: GraphBuilder) {
    this.#builder = builder;
  }

  /** Returns a value of floats in this type, and any other value as it is; a constant is rounded when the file is written. */
  of(value: GraphValue, type: FloatType, constant?: GraphConstant): GraphValue {
    if (value.type === type || !isFloat(value)) return value;
    const key = `${value.name} ${type}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const form =
      constant === undefined || type === "float32"
        ? this.#builder.op("Cast", [value], { to: elementTypeCodes[type] })
        : roundedConstant(this.#builder, constant, type);
    this.#known.set(key, form);
    this.#known.set(`${form.name} ${value.type}`, value);
    return form;
  }
}

function isFloat({ type }: GraphValue): boolean {
  return type === "float32" || type === "float16" || type === "bfloat16";
}

function roundedConstant(builder: GraphBuilder, { name, dims, read }: GraphConstant, type: HalfType): GraphValue {
  return builder.constant(`${name}:${type}`, type, dims, () =>
    roundedTo(type, withinRange(name, type, read() as Float32Array)),
  );
}
