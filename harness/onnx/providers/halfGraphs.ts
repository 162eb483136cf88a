import { readSignature } from "../files/signature.ts";

/** The attribute `to` of Cast names float16 by this number. Source: onnx.proto, TensorProto.DataType. */
const halfType = 10;

/** Tells whether a graph computes in 16-bit floats by itself: it takes or gives them, or casts to them on the way. */
export function computesInHalves(file: string): boolean {
  const { inputs, outputs, body } = readSignature(file);
  const casts = body?.nodes.some(({ operator, attributes }) => operator === "Cast" && attributes?.to === halfType);
  return casts === true || [...inputs, ...outputs].some(({ type }) => type === "float16");
}
