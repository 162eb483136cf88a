import protobuf from "protobufjs";

/** A message that was read: its fields are properties of their own. */
export type Decoded = protobuf.Message;

/** The fields of onnx.proto (IR version 10) that are written. */
export const schema = protobuf.Root.fromJSON({
  nested: {
    Model: message({
      ir_version: ["int64", 1],
      producer_name: ["string", 2],
      graph: ["Graph", 7],
      opset_import: ["Opset", 8, "repeated"],
    }),
    Opset: message({ domain: ["string", 1], version: ["int64", 2] }),
    Graph: message({
      node: ["Node", 1, "repeated"],
      name: ["string", 2],
      initializer: ["Tensor", 5, "repeated"],
      input: ["ValueInfo", 11, "repeated"],
      output: ["ValueInfo", 12, "repeated"],
    }),
    Node: message({
      input: ["string", 1, "repeated"],
      output: ["string", 2, "repeated"],
      name: ["string", 3],
      op_type: ["string", 4],
      attribute: ["Attribute", 5, "repeated"],
      domain: ["string", 7],
    }),
    Attribute: message({
      name: ["string", 1],
      f: ["float", 2],
      i: ["int64", 3],
      s: ["bytes", 4],
      ints: ["int64", 8, "repeated"],
      type: ["int32", 20],
    }),
    Tensor: message({
      dims: ["int64", 1, "repeated"],
      data_type: ["int32", 2],
      name: ["string", 8],
      raw_data: ["bytes", 9],
      external_data: ["Entry", 13, "repeated"],
      data_location: ["int32", 14],
    }),
    Entry: message({ key: ["string", 1], value: ["string", 2] }),
    ValueInfo: message({ name: ["string", 1], type: ["Type", 2] }),
    Type: message({ tensor_type: ["TensorType", 1] }),
    TensorType: message({ elem_type: ["int32", 1], shape: ["Shape", 2] }),
    Shape: message({ dim: ["Dimension", 1, "repeated"] }),
    Dimension: message({ dim_value: ["int64", 1], dim_param: ["string", 2] }),
    // A model again, whose parts are left as bytes where nothing in them is to be changed.
    WiredModel: message({
      ir_version: ["int64", 1],
      graph: ["WiredGraph", 7],
      opset_import: ["bytes", 8, "repeated"],
    }),
    WiredGraph: message({
      node: ["WiredNode", 1, "repeated"],
      name: ["string", 2],
      initializer: ["bytes", 5, "repeated"],
      input: ["bytes", 11, "repeated"],
      output: ["ValueInfo", 12, "repeated"],
    }),
    WiredNode: message({
      input: ["string", 1, "repeated"],
      output: ["string", 2, "repeated"],
      name: ["string", 3],
      op_type: ["string", 4],
      attribute: ["bytes", 5, "repeated"],
      domain: ["string", 7],
    }),
  },
});

type Field = readonly [type: string, id: number, rule?: string];

// Field names stay as onnx.proto spells them: protobufjs would turn them to camel case only when it parses a .proto text.
function message(fields: Readonly<Record<string, Field>>): protobuf.IType {
  const entries = Object.entries(fields).map(([name, [type, id, rule]]) => {
    return [name, { type, id, rule }] as const;
  });
  return { fields: Object.fromEntries(entries) };
}
