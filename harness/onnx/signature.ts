import { closeSync, fstatSync, readSync } from "node:fs";
import { basename } from "node:path";
import type { DeclaredValue, Dim, GraphSignature } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { openRegularFile } from "../files.ts";
import { type Field, fieldsOf, MessageReader } from "./protobuf.ts";

/** Field numbers of onnx.proto that are read; everything else is skipped where it lies. */
const at = {
  model: { graph: 7 },
  graph: { initializer: 5, input: 11, output: 12 },
  tensor: { name: 8, externalData: 13 },
  entry: { key: 1, value: 2 },
  value: { name: 1, type: 2 },
  type: { tensor: 1 },
  tensorType: { element: 1, shape: 2 },
  shape: { dim: 1 },
  dim: { value: 1, parameter: 2 },
} as const;

/** TensorProto.DataType by number, 0 the first. */
const elementTypes =
  "undefined float32 uint8 int8 uint16 int16 int32 int64 string bool float16 float64 uint32 uint64 complex64 complex128 bfloat16".split(
    " ",
  );

/**
 * What an ONNX file says of itself, without its weights being read: what it takes and gives, and the files beside it that
 * hold its tensors. Works on files of any size.
 * Throws HarnessError where the file is missing, cut off or no ONNX model.
 */
export function readSignature(file: string): GraphSignature {
  const handle = openRegularFile(file, "give an ONNX graph");
  try {
    return signatureOf(handle, file);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new HarnessError(`${basename(file)}: not an ONNX file, or cut off`, {
      found: error.message,
      expected: "an .onnx file that an exporter wrote",
      cause: error,
    });
  } finally {
    closeSync(handle);
  }
}

function signatureOf(handle: number, file: string): GraphSignature {
  const read = (buffer: Uint8Array, position: number) => readSync(handle, buffer, 0, buffer.length, position);
  const reader = new MessageReader(read, fstatSync(handle).size);
  const graph = fieldsOf(reader.whole()).find(({ number }) => number === at.model.graph);
  if (graph === undefined) throw new RangeError("no graph in it");
  const [inputs, outputs]: [DeclaredValue[], DeclaredValue[]] = [[], []];
  const initializers = new Set<string>();
  const externalFiles = new Set<string>();
  for (const field of fieldsOf(graph)) {
    if (field.number === at.graph.input) inputs.push(declaredValue(field));
    else if (field.number === at.graph.output) outputs.push(declaredValue(field));
    else if (field.number === at.graph.initializer) {
      initializers.add(textIn(field, at.tensor.name));
      for (const location of locationsOf(field)) externalFiles.add(location);
    }
  }
  if (outputs.length === 0) throw new RangeError("no output in it");
  // Old exporters list the weights among the inputs too.
  return {
    file,
    inputs: inputs.filter(({ name }) => !initializers.has(name)),
    outputs,
    externalFiles: [...externalFiles],
  };
}

function declaredValue(value: Field): DeclaredValue {
  const tensor = childIn(childIn(value, at.value.type), at.type.tensor);
  const element = tensor && fieldsOf(tensor).find(({ number }) => number === at.tensorType.element);
  const shape = childIn(tensor, at.tensorType.shape);
  return {
    name: textIn(value, at.value.name),
    type: elementTypes[element?.value ?? 0] ?? `type ${element?.value}`,
    ...(shape === undefined ? {} : { dims: fieldsOf(shape).map(dimOf) }),
  };
}

/** A dimension without number and name is one that nothing is known of. */
function dimOf(dim: Field): Dim {
  for (const field of fieldsOf(dim)) {
    if (field.number === at.dim.value) return field.value;
    if (field.number === at.dim.parameter) return field.text();
  }
  return "?";
}

function locationsOf(tensor: Field): string[] {
  return fieldsOf(tensor)
    .filter(({ number }) => number === at.tensor.externalData)
    .filter((entry) => textIn(entry, at.entry.key) === "location")
    .map((entry) => textIn(entry, at.entry.value));
}

function childIn(message: Field | undefined, number: number): Field | undefined {
  return message && fieldsOf(message).find((field) => field.number === number);
}

function textIn(message: Field, number: number): string {
  return childIn(message, number)?.text() ?? "";
}
