import type { Tensor } from "./pixels.ts";

/** The frame is part of the type, so image pixels can not reach the decoder unscaled. */
export type Frame = "image" | "model";

/** 1 foreground, 0 background. Padding points are the decoder's own business. */
export type PointLabel = 0 | 1;

/** x to the right, y down; an integer names a pixel by its index, whose centre lies 0.5 further. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly label: PointLabel;
}

/** A box is given by its corners: x0 <= x1, y0 <= y1. COCO's [x, y, w, h] never leaves coco/annotations.ts. */
export interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export interface Prompt<F extends Frame> {
  readonly frame: F;
  readonly points: readonly Point[];
  readonly box?: Box;
  /** Low-res logits of an earlier prediction, [1, side, side]; `side` is that of the variant's low-res logits. */
  readonly mask?: Tensor;
}
