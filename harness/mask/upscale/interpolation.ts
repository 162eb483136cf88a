import type { Geometry, MaskSpec, Size } from "../../api.ts";

/**
 * Interpolation along one axis: output i is the sum over k < taps of weights[i * taps + k] * input[first[i] + k].
 * `first` never falls, and every window lies inside the input.
 */
export interface AxisOperator {
  readonly taps: number;
  readonly first: Int32Array;
  readonly weights: Float64Array;
}

/**
 * Operator from low-res logits to the image. Bilinear weights are not negative, so an output lies between its inputs; cubic
 * ones overshoot.
 */
export interface UpscaleOperator {
  readonly image: Size;
  readonly rows: AxisOperator;
  readonly columns: AxisOperator;
  readonly overshoots: boolean;
}

/** Window of inputs of one output, before all windows are brought to one width. */
interface Window {
  readonly first: number;
  readonly weights: readonly number[];
}

type Kernel = MaskSpec["interpolation"];

/** PyTorch's constant of bicubic interpolation. */
const a = -0.75;

/**
 * Makes one operator an axis of both interpolations and the crop between them. `direct` skips the model frame: the low-res
 * logits cover the whole image.
 */
export function upscaleOperator(
  lowSide: number,
  geometry: Geometry,
  { path, interpolation }: MaskSpec,
): UpscaleOperator {
  const { image, resized, offset, frame } = geometry;
  const axis = (start: number, length: number, side: number, outputs: number) => {
    if (path === "direct") return pack(resize(interpolation, lowSide, outputs), lowSide);
    const toFrame = resize(interpolation, lowSide, side);
    const toImage = resize(interpolation, length, outputs);
    return pack(
      toImage.map((window) => through(window, toFrame, start)),
      lowSide,
    );
  };
  return {
    image,
    rows: axis(offset.y, resized.height, frame.height, image.height),
    columns: axis(offset.x, resized.width, frame.width, image.width),
    overshoots: interpolation === "bicubic",
  };
}

/**
 * Resizes as F.interpolate(align_corners=False) without antialiasing: pixel centres lie at half steps, and the border is
 * repeated.
 */
function resize(kernel: Kernel, inputs: number, outputs: number): Window[] {
  // In float32 as PyTorch, which rounds the position once, after multiplying and subtracting: at 1000 px a position
  // is off by up to 3e-5, and that shows in logits near 0.
  const scale = Math.fround(inputs / outputs);
  return Array.from({ length: outputs }, (_, i) => {
    const source = Math.fround(scale * (i + 0.5) - 0.5);
    return kernel === "bilinear" ? bilinear(source, inputs) : bicubic(source, inputs);
  });
}

function bilinear(source: number, inputs: number): Window {
  const first = Math.min(Math.floor(Math.max(source, 0)), inputs - 1);
  const right = Math.min(Math.fround(Math.max(source, 0) - first), 1);
  return first + 1 < inputs ? { first, weights: [Math.fround(1 - right), right] } : { first, weights: [1] };
}

/** Makes a window of Keys' cubic convolution. Taps beyond the border fall on the border's own. */
function bicubic(source: number, inputs: number): Window {
  const left = Math.min(Math.floor(source), inputs - 1);
  const t = Math.min(Math.fround(source - left), 1);
  const first = Math.max(left - 1, 0);
  const weights = new Array<number>(Math.min(left + 2, inputs - 1) - first + 1).fill(0);
  [far(t + 1), near(t), near(1 - t), far(2 - t)].forEach((weight, k) => {
    weights[Math.min(Math.max(left - 1 + k, 0), inputs - 1) - first]! += weight;
  });
  return { first, weights };
}

/** Computes the kernel up to 1 px from its centre. */
function near(x: number): number {
  return ((a + 2) * x - (a + 3)) * x * x + 1;
}

/** Computes the kernel from 1 to 2 px. */
function far(x: number): number {
  return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

/**
 * Returns an output's window on the low-res logits, where `window` is its window on the crop that starts at `start` in the
 * frame.
 */
function through(window: Window, toFrame: readonly Window[], start: number): Window {
  const inner = window.weights.map((_, k) => toFrame[start + window.first + k]!);
  const first = Math.min(...inner.map((tap) => tap.first));
  const end = Math.max(...inner.map((tap) => tap.first + tap.weights.length));
  const weights = new Array<number>(end - first).fill(0);
  inner.forEach((tap, k) => {
    tap.weights.forEach((weight, l) => {
      weights[tap.first - first + l]! += window.weights[k]! * weight;
    });
  });
  return { first, weights };
}

/** Makes all windows as wide as the widest, moved left where they would leave the input; what is added has weight 0. */
function pack(windows: readonly Window[], inputs: number): AxisOperator {
  const taps = Math.max(...windows.map(({ weights }) => weights.length));
  const first = new Int32Array(windows.length);
  const packed = new Float64Array(windows.length * taps);
  windows.forEach((window, i) => {
    first[i] = Math.min(window.first, inputs - taps);
    packed.set(window.weights, i * taps + window.first - first[i]!);
  });
  return { taps, first, weights: packed };
}
