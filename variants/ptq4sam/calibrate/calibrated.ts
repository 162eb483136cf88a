import type { CalibrationValues } from "../../../harness/api.ts";
import { HarnessError } from "../../../harness/errors.ts";
import type { Log2Quantizer, UniformQuantizer } from "../../../harness/quantize/index.ts";

/** Quantisers of a weight, one an output channel, and the values that are rounded up instead of down. */
export interface CalibratedWeight {
  readonly bits: number;
  readonly scales: Float32Array;
  readonly zeroPoints: Uint8Array;
  /** One bit a value, where rounding was learned: it is set where the value is rounded up. */
  readonly up?: Uint8Array;
}

/** Result of a calibration: it holds all that the quantised graphs are made of besides the checkpoint. */
export interface Calibrated {
  readonly setting: string;
  /** Signs of the keys' channels, by attention. */
  readonly signs: ReadonlyMap<string, readonly number[]>;
  readonly activations: ReadonlyMap<string, UniformQuantizer>;
  readonly softmax: ReadonlyMap<string, UniformQuantizer | Log2Quantizer>;
  readonly weights: ReadonlyMap<string, CalibratedWeight>;
  /** Sentences for the record that say what was sampled and learned. */
  readonly notes: readonly string[];
}

/** Writes the calibration as plain JSON; arrays over a weight's channels are in base64. */
export function writeCalibrated({
  setting,
  signs,
  activations,
  softmax,
  weights,
  notes,
}: Calibrated): CalibrationValues {
  return {
    setting,
    signs: Object.fromEntries(signs),
    activations: Object.fromEntries(activations),
    softmax: Object.fromEntries(softmax),
    weights: Object.fromEntries(
      [...weights].map(([name, { bits, scales, zeroPoints, up }]) => [
        name,
        {
          bits,
          scales: base64(scales),
          zeroPoints: base64(zeroPoints),
          up: up === undefined ? undefined : base64(up),
        },
      ]),
    ),
    notes,
  };
}

interface StoredWeight {
  readonly bits: number;
  readonly scales: string;
  readonly zeroPoints: string;
  readonly up?: string;
}

/**
 * Reads what `writeCalibrated` wrote.
 * Throws HarnessError where there is no calibration, or one of another setting.
 */
export function readCalibrated(values: CalibrationValues | undefined, id: string, setting: string): Calibrated {
  if (values === undefined)
    throw new HarnessError(`${id}: is not calibrated`, { hint: `bench quantize ${id} calibrates it on images` });
  if (values.setting !== setting)
    throw new HarnessError(`${id}: the calibration is of another setting`, {
      found: values.setting,
      expected: setting,
      hint: `calibrate again: bench quantize ${id}`,
    });
  const weights = Object.entries(values.weights as Record<string, StoredWeight>);
  return {
    setting,
    signs: mapOf(values.signs),
    activations: mapOf(values.activations),
    softmax: mapOf(values.softmax),
    weights: new Map(weights.map(([name, stored]) => [name, readWeight(stored)])),
    notes: values.notes as readonly string[],
  };
}

function readWeight({ bits, scales, zeroPoints, up }: StoredWeight): CalibratedWeight {
  return {
    bits,
    // A copy: a buffer's own memory need not be aligned for floats.
    scales: new Float32Array(Uint8Array.from(Buffer.from(scales, "base64")).buffer),
    zeroPoints: Uint8Array.from(Buffer.from(zeroPoints, "base64")),
    up: up === undefined ? undefined : Uint8Array.from(Buffer.from(up, "base64")),
  };
}

function mapOf<T>(record: unknown): ReadonlyMap<string, T> {
  return new Map(Object.entries(record as Record<string, T>));
}

function base64(array: Float32Array | Uint8Array): string {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");
}
