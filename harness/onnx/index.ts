/** This room builds, writes and runs graphs (`sam-bench/onnx`). */
export { runApart } from "./apart.ts";
export { batchedGraph } from "./batch/batchedGraph.ts";
export { eachImage } from "./batch/eachImage.ts";
export { boxMacs, boxPrompt } from "./boxMacs.ts";
export { type ExecutedNode, executedMacs } from "./executedMacs.ts";
export { readSignature } from "./files/signature.ts";
export { GraphBuilder } from "./graph.ts";
export { isInt8Product, multipliesInt8 } from "./int8Sums.ts";
export * from "./layers.ts";
export { readPortableModel } from "./portable/read.ts";
export {
  modelFile,
  type PortableGraph,
  type PortableModel,
  portableFormat,
  portableModelSchema,
} from "./portable/schema.ts";
export { buildsEngines } from "./providers/settings.ts";
export { computedIn } from "./rewrite/computedIn.ts";
export { computesIn } from "./rewrite/halfProviders.ts";
export { joinedGraphs, withOutputsNamed } from "./rewrite/joined.ts";
export { mlpInParts } from "./rewrite/mlpInParts.ts";
export { providerGraph } from "./rewrite/providerGraph.ts";
export { type Replace, rewriteGraph, withOutputs } from "./rewrite/rewrite.ts";
export { isLarge, storedIn } from "./rewrite/storedIn.ts";
export { transposeMatrix } from "./rewrite/transpose.ts";
export { openSession, optimisedFile, providers, runtimeVersion, type Session } from "./session.ts";
export { sessionSettings } from "./sessions/settings.ts";
export { leastScores } from "./sessions/siftedInputs.ts";
export { siftedModel } from "./sifted.ts";
export { modelVersions, structureHash, writeGraph } from "./write.ts";
