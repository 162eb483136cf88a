import type { Rgb, Size, Tensor } from "./pixels.ts";

export interface ModelInputSpec {
  /** Side of the square model frame, px. The longer side of the image is resized to it, unless the image is stretched. */
  readonly side: number;
  readonly fit: "pad" | "stretch" | "letterbox";
  /**
   * The frame has the image's proportions: each side is the resized image's, rounded up to a multiple of so many px. Absent
   * for a square.
   */
  readonly multipleOf?: number;
  /**
   * Side of the frame that prompts and masks are in, where it is not the input's: EfficientViT-SAM takes images of 512 px, and
   * prompts as SAM does, in 1024.
   */
  readonly promptSide?: number;
  /**
   * The first two round to 8 bits, the others stay in float. `pillow-bilinear` and `bilinear-antialias` average all pixels that
   * they shrink, the other two read four at most.
   */
  readonly resize: "pillow-bilinear" | "opencv-bilinear" | "bilinear" | "bilinear-antialias";
  /** Fills the part of the frame that the image leaves free, after normalisation; one number, or one a channel. */
  readonly padValue: number | Rgb;
  /** Mean and standard deviation are given on the 0 … 255 scale. */
  readonly mean: Rgb;
  readonly std: Rgb;
}

/**
 * Says how logits become a mask. SAM upscales to the padded model frame first; EfficientSAM goes straight to the image,
 * bicubic, >= 0.
 */
export interface MaskSpec {
  readonly path: "model-frame" | "direct";
  readonly interpolation: "bilinear" | "bicubic";
  readonly threshold: ">0" | ">=0";
}

/** Says where the image lies in the frame of prompts and masks. `resized` and `offset` are in this frame's pixels. */
export interface Geometry {
  readonly image: Size;
  readonly resized: Size;
  readonly offset: { readonly x: number; readonly y: number };
  /** Size of the whole model frame. */
  readonly frame: Size;
}

export interface ModelInput {
  /** [1, 3, height, width] of the geometry's frame, or of a frame of the input's own. */
  readonly tensor: Tensor;
  readonly geometry: Geometry;
}
