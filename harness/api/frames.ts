import type { Rgb, Size, Tensor } from "./pixels.ts";

export interface ModelInputSpec {
  /** Side of the square model frame, px; what the longer side of the image is resized to, unless it is stretched. */
  readonly side: number;
  readonly fit: "pad" | "stretch" | "letterbox";
  /** The frame is as oblong as the image: each side is the resized image's, up to the next multiple of so many px. Absent: a square. */
  readonly multipleOf?: number;
  /** The first two round to 8 bits; `bilinear` stays in float. */
  readonly resize: "pillow-bilinear" | "opencv-bilinear" | "bilinear";
  /** Fills what the image leaves free, after normalisation; one number, or one a channel. */
  readonly padValue: number | Rgb;
  /** On the 0 … 255 scale. */
  readonly mean: Rgb;
  readonly std: Rgb;
}

/** How logits become a mask: SAM goes through the padded model frame, EfficientSAM straight to the image, bicubic, >= 0. */
export interface MaskSpec {
  readonly path: "model-frame" | "direct";
  readonly interpolation: "bilinear" | "bicubic";
  readonly threshold: ">0" | ">=0";
}

/** Where the image lies in the model frame. `resized` and `offset` are in model pixels. */
export interface Geometry {
  readonly image: Size;
  readonly resized: Size;
  readonly offset: { readonly x: number; readonly y: number };
  /** Of the whole model frame. */
  readonly frame: Size;
}

export interface ModelInput {
  /** [1, 3, height, width] of the geometry's frame. */
  readonly tensor: Tensor;
  readonly geometry: Geometry;
}
