/** This room holds quantisers: how their ranges are found, and what they put into a graph. */
export { AdaptiveGranularity, type AttentionSample } from "./agq.ts";
export { channelSigns, modesOf } from "./bimodal.ts";
export { type Bits, parseBits } from "./bits.ts";
export type { BlockFormat } from "./blocks/blockWeights.ts";
export { type StoredTensor, tensorsInBlocks } from "./blocks/tensorsInBlocks.ts";
export { type Arithmetic, savesBytes, weightOnly } from "./blocks/weightOnly.ts";
export { fakeQuantizeLog2Node, fakeQuantizeNode } from "./fakeQuantize.ts";
export { type Int8Linear, type Linear, linearsOf, toInt8 } from "./int8.ts";
export { type Convolution, convolutionsOf, convolutionsToInt8, type Int8Convolution } from "./int8Convolutions.ts";
export type { ByteScale } from "./int8Weights.ts";
export type { Log2Quantizer } from "./log2.ts";
export { type Observer, type ObserverKind, observer, type WeightRule, weightQuantizers } from "./observer.ts";
export { type Range, rangesOf, withRanges } from "./ranges.ts";
export { fakeQuantizeRows, quantizerFor, type UniformQuantizer } from "./uniform.ts";
