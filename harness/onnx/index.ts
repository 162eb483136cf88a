/** `sam-bench/onnx`: building, writing and running graphs. */
export { runApart } from "./apart.ts";
export { GraphBuilder } from "./graph.ts";
export { multipliesInt8 } from "./int8Sums.ts";
export * from "./layers.ts";
export { providerGraph } from "./providerGraph.ts";
export { type Replace, rewriteGraph, withOutputs } from "./rewrite.ts";
export { openSession, providers, runtimeVersion, type Session, sessionSettings } from "./session.ts";
export { readSignature } from "./signature.ts";
export { transposeMatrix } from "./transpose.ts";
export { structureHash, writeGraph } from "./write.ts";
