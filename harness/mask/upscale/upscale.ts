import type { Geometry, MaskSpec, Rle } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { type AxisOperator, upscaleOperator } from "./interpolation.ts";
import { Scanner } from "./scanner.ts";

/** Levels above which a value is inside: 0, or, where 0 itself is inside, the largest number below 0. */
const thresholds = { ">0": 0, ">=0": -Number.MIN_VALUE } as const satisfies Record<MaskSpec["threshold"], number>;

/**
 * Cache of the scanner of each image: its masks follow each other, and building the operator costs as much as a small mask.
 */
const scanners = new WeakMap<Geometry, { readonly key: string; readonly scanner: Scanner }>();

/**
 * Returns the mask of one token's low-res logits, [side, side], at the image's size. It is what upscaleLogits and the threshold
 * give, in every pixel, but no image of logits is made.
 * Throws HarnessError if the logits are not square, or the path and the geometry do not fit.
 */
export function maskFromLogits(lowResLogits: Float32Array, geometry: Geometry, spec: MaskSpec): Rle {
  return maskAbove(lowResLogits, { geometry, spec, level: thresholds[spec.threshold] });
}

/** Returns the pixels of the image whose logit exceeds `level`, otherwise as maskFromLogits. */
export function maskAbove(
  lowResLogits: Float32Array,
  { geometry, spec, level }: { readonly geometry: Geometry; readonly spec: MaskSpec; readonly level: number },
): Rle {
  return scannerOf(lowResLogits, geometry, spec).above(lowResLogits, level);
}

/**
 * Computes row-major logits at the image's size from one token's low-res logits, [side, side]. It interpolates twice with a
 * crop between, as postprocess_masks of segment_anything/modeling/sam.py; or once, straight to the image.
 * Throws HarnessError as maskFromLogits.
 */
export function upscaleLogits(lowResLogits: Float32Array, geometry: Geometry, spec: MaskSpec): Float32Array {
  const { rows, columns, image } = scannerOf(lowResLogits, geometry, spec).operator;
  const side = sideOf(lowResLogits);
  const wide = new Float64Array(side * image.width);
  for (let y = 0; y < side; y++) {
    const row = lowResLogits.subarray(y * side, (y + 1) * side);
    for (let x = 0; x < image.width; x++) wide[y * image.width + x] = blend(columns, row, x);
  }
  return blendWide(rows, wide, image.width);
}

interface StabilityInput {
  readonly geometry: Geometry;
  readonly spec: MaskSpec;
  /** Offset of the two levels from 0; it is above 0. */
  readonly offset: number;
}

/**
 * Returns |{logit > offset}| / |{logit > -offset}| at the image's size, which says how little the mask depends on the
 * threshold. It is 0 where no logit exceeds -offset, so that a filter drops the empty mask, as SAM's mask generator drops its 0
 * / 0.
 */
export function stabilityScore(lowResLogits: Float32Array, input: StabilityInput): number {
  return maskWithStability(lowResLogits, input).stability;
}

/** Returns what maskFromLogits and stabilityScore return, of one walk over the pixels. */
export function maskWithStability(
  lowResLogits: Float32Array,
  { geometry, spec, offset }: StabilityInput,
): { readonly mask: Rle; readonly stability: number } {
  if (!(offset > 0)) throw new Error(`an offset of ${offset} for a stability score`);
  const levels = { loose: -offset, mask: thresholds[spec.threshold], tight: offset };
  const { mask, loosePx, tightPx } = scannerOf(lowResLogits, geometry, spec).scan(lowResLogits, levels);
  return { mask, stability: loosePx === 0 ? 0 : tightPx / loosePx };
}

function scannerOf(lowResLogits: Float32Array, geometry: Geometry, spec: MaskSpec): Scanner {
  const lowSide = sideOf(lowResLogits);
  const key = `${lowSide} ${spec.path} ${spec.interpolation}`;
  const known = scanners.get(geometry);
  if (known?.key === key) return known.scanner;
  requireFit(geometry, spec);
  const scanner = new Scanner(upscaleOperator(lowSide, geometry, spec), lowSide);
  scanners.set(geometry, { key, scanner });
  return scanner;
}

/**
 * Throws HarnessError where logits that go straight to the image do not cover it all: padding would be stretched into the mask.
 */
function requireFit({ resized, offset, frame }: Geometry, { path }: MaskSpec): void {
  const frameText = `${frame.height} x ${frame.width}`;
  if (offset.x + resized.width > frame.width || offset.y + resized.height > frame.height) {
    throw new Error(`resized image of ${resized.height} x ${resized.width} leaves the model frame of ${frameText}`);
  }
  if (path === "model-frame" || (resized.height === frame.height && resized.width === frame.width)) return;
  throw new HarnessError("mask path direct: the image does not fill the model frame", {
    found: `${resized.height} high x ${resized.width} wide`,
    expected: frameText,
    hint: "use fit stretch for the input, or mask path model-frame",
  });
}

function sideOf(lowResLogits: Float32Array): number {
  const side = Math.sqrt(lowResLogits.length);
  if (Number.isInteger(side) && side > 0) return side;
  throw new HarnessError("low-res logits: not the square of one mask", {
    found: `${lowResLogits.length} values`,
    expected: "side * side",
    hint: "pass one token's logits at a time",
  });
}

function blend({ taps, first, weights }: AxisOperator, values: Float32Array, output: number): number {
  let sum = 0;
  for (let k = 0; k < taps; k++) sum += weights[output * taps + k]! * values[first[output]! + k]!;
  return sum;
}

function blendWide({ taps, first, weights }: AxisOperator, wide: Float64Array, width: number): Float32Array {
  const logits = new Float32Array(first.length * width);
  for (let y = 0; y < first.length; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < taps; k++) sum += weights[y * taps + k]! * wide[(first[y]! + k) * width + x]!;
      logits[y * width + x] = sum;
    }
  }
  return logits;
}
