export interface Size {
  readonly height: number;
  readonly width: number;
}

/** An image is row-major RGB with 8 bits a channel: pixels.length = height * width * 3. */
export interface RgbImage {
  readonly size: Size;
  readonly pixels: Uint8Array;
}

/** Row-major float32; data.length = product of dims. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** COCO run lengths of 0, 1, 0, 1 … down the columns. */
export interface Rle {
  readonly size: Size;
  readonly counts: Uint32Array;
}

/** Red, green, blue. */
export type Rgb = readonly [number, number, number];
