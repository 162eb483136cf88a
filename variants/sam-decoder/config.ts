/** The sizes of SAM's prompt encoder and mask decoder. */
export interface DecoderConfig {
  /** Channels of the image embedding and of every token. */
  readonly embedding: number;
  readonly heads: number;
  /** Hidden width of the two-way transformer's MLP. */
  readonly mlp: number;
  /** Hidden width of the head that predicts IoU. */
  readonly iouHead: number;
  /** Side of the model frame that prompts live in, px. */
  readonly side: number;
  /** Rows and columns of the image embedding; low-res logits have four times as many. */
  readonly grid: number;
}

/** Token 0 is the single-mask output, the other three the multimask output. */
export const maskTokens = 4;
/** The IoU token comes first, the mask tokens after it. */
export const outputTokens = 1 + maskTokens;
/** Cross attention runs at half the embedding's width. */
export const downsample = 2;
export const transformerDepth = 2;
