import type { DeclaredValue, Dim, GraphSignature } from "../../api.ts";
import { limits } from "../../limits.ts";
import { BodyReader, elementTypes, OverLimit } from "../graphBody.ts";
import { readModel } from "./modelFile.ts";
import { eachField, type Field, fieldsOf } from "./protobuf.ts";

/** Field numbers of onnx.proto that are read; everything else is skipped where it lies. */
const at = {
  graph: { input: 11, output: 12 },
  value: { name: 1, type: 2 },
  type: { tensor: 1 },
  tensorType: { element: 1, shape: 2 },
  shape: { dim: 1 },
  dim: { value: 1, parameter: 2 },
} as const;

/**
 * Reads what an ONNX file says of itself without its weights: what the graph takes and gives, and the files beside it that hold
 * its tensors. Works on files of any size. Throws HarnessError where the file is missing, cut off or no ONNX model.
 */
export function readSignature(file: string): GraphSignature {
  return readModel(file, ({ graph }) => signatureOf(graph, file));
}

function signatureOf(graph: Field, file: string): GraphSignature {
  const inputs: DeclaredValue[] = [];
  const outputs: DeclaredValue[] = [];
  const body = new BodyReader();
  for (const field of eachField(graph)) {
    if (field.number === at.graph.input) inputs.push(declaredValue(field));
    else if (field.number === at.graph.output) outputs.push(declaredValue(field));
    else body.take(field);
    if (inputs.length + outputs.length > limits.onnxNodes)
      throw new OverLimit(`over ${limits.onnxNodes} inputs and outputs`, `at most ${limits.onnxNodes}`);
  }
  if (outputs.length === 0) throw new RangeError("no output in it");
  // Old exporters list the weights among the inputs too.
  return {
    file,
    inputs: inputs.filter(({ name }) => !body.initializers.has(name)),
    outputs,
    externalFiles: [...body.externalFiles],
    body: body.body(),
  };
}

function declaredValue(value: Field): DeclaredValue {
  const tensor = childIn(childIn(value, at.value.type), at.type.tensor);
  const element = tensor && fieldsOf(tensor).find(({ number }) => number === at.tensorType.element);
  const shape = childIn(tensor, at.tensorType.shape);
  return {
    name: textIn(value, at.value.name),
    type: elementTypes[element?.value ?? 0] ?? `type ${element?.value}`,
    dims: shape === undefined ? undefined : fieldsOf(shape).map(dimOf),
  };
}

/** Returns a dimension; one without number and name is "?", since nothing is known of it. */
function dimOf(dim: Field): Dim {
  for (const field of fieldsOf(dim)) {
    if (field.number === at.dim.value) return field.value;
    if (field.number === at.dim.parameter) return field.text();
  }
  return "?";
}

function childIn(message: Field | undefined, number: number): Field | undefined {
  return message && fieldsOf(message).find((field) => field.number === number);
}

function textIn(message: Field, number: number): string {
  return childIn(message, number)?.text() ?? "";
}
