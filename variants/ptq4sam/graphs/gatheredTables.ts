import type { GraphConstant, GraphValue, OnnxGraph } from "../../../harness/api.ts";
import { type GraphBuilder, reshape, rewriteGraph, transpose } from "../../../harness/onnx/index.ts";

/**
 * Returns the graph with its tables of relative positions gathered from their few different vectors, once, when the runtime
 * opens it. A table repeats each vector up to side² times; beside weights of one byte tables would be a sixth of the file.
 */
export function withGatheredTables(graph: OnnxGraph): OnnxGraph {
  const tables = new Map(graph.constants.map((constant) => [constant.name, constant]));
  return rewriteGraph(graph, (node, [x], builder) => {
    const table = node.operator === "MatMul" ? tables.get(node.inputs[1]!) : undefined;
    const layout = table === undefined ? undefined : layoutOf(table);
    return layout === undefined ? undefined : [builder.op("MatMul", [x!, gathered(builder, table!, layout)])];
  });
}

/**
 * Layout of a table [queries, width, keys]: it says how many vectors the table repeats, and which one belongs to a query and a
 * key.
 */
interface Layout {
  readonly vectors: number;
  vectorOf(query: number, key: number): number;
}

/**
 * Returns a table's layout by the name that the encoder gives it: one axis of the whole image, or both axes of a window side by
 * side.
 */
function layoutOf({ name, dims }: GraphConstant): Layout | undefined {
  const [queries, , keys] = dims as [number, number, number];
  if (/\.rel_pos_[hw]\.table$/.test(name))
    return { vectors: 2 * keys - 1, vectorOf: (query, key) => query - key + keys - 1 };
  if (!name.endsWith(".rel_pos_h+rel_pos_w.table")) return undefined;
  const side = Math.sqrt(queries);
  return {
    vectors: 2 * (2 * side - 1),
    vectorOf(query, key) {
      if (key < side) return Math.floor(query / side) - key + side - 1;
      return 2 * side - 1 + (query % side) - (key - side) + side - 1;
    },
  };
}

function gathered(graph: GraphBuilder, table: GraphConstant, layout: Layout): GraphValue {
  const [queries, width, keys] = table.dims as [number, number, number];
  const vectors = graph.constant(`${table.name}.vectors`, "float32", [layout.vectors, width], () =>
    vectorsOf(table, layout),
  );
  const places = Array.from({ length: queries * keys }, (_, i) => layout.vectorOf(Math.floor(i / keys), i % keys));
  const all = graph.op("Gather", [vectors, graph.ints(places)], { axis: 0 });
  return transpose(graph, reshape(graph, all, [queries, keys, width]), [0, 2, 1]);
}

/**
 * Collects the table's different vectors.
 * Throws Error where the table is not laid out as its name says.
 */
function vectorsOf({ name, dims, read }: GraphConstant, { vectors, vectorOf }: Layout): Float32Array {
  const [queries, width, keys] = dims as [number, number, number];
  const table = read() as Float32Array;
  const result = new Float32Array(vectors * width).fill(Number.NaN);
  let at = 0;
  for (let query = 0; query < queries; query++)
    for (let channel = 0; channel < width; channel++)
      for (let key = 0; key < keys; key++, at++) {
        const place = vectorOf(query, key) * width + channel;
        if (Number.isNaN(result[place])) result[place] = table[at]!;
        else if (result[place] !== table[at]) throw new Error(`${name}: not a table of relative positions`);
      }
  return result;
}
