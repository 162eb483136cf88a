import { HarnessError } from "../../harness/errors.ts";

/** The sizes of YOLOv8-seg with one class. Source: ultralytics, cfg/models/v8/yolov8-seg.yaml. */
export interface FastSamConfig {
  /** Side of the square input, px. */
  readonly side: number;
  /** Channels after the stem, then at strides 4, 8, 16 and 32. */
  readonly channels: readonly [number, number, number, number, number];
  /** Bottlenecks of the backbone's four stages; each stage of the neck has as many as the first. */
  readonly depths: readonly [number, number, number, number];
  /** Channels of the network that makes prototypes. */
  readonly prototypeWidth: number;
}

/** Number of prototypes; a detection has as many coefficients. */
export const prototypes = 32;
/** Bins of a distance's distribution, in cells. */
export const bins = 16;
/** Strides of the three maps that detections are read from, px. */
export const strides = [8, 16, 32] as const;
/** Model pixels to one prototype pixel. */
export const prototypeStride = 4;

export const fastSamConfigs = {
  "fastsam-s": scaled({ depth: 0.33, width: 0.5, mostChannels: 1024 }),
  "fastsam-x": scaled({ depth: 1, width: 1.25, mostChannels: 512 }),
} as const satisfies Record<string, FastSamConfig>;

/**
 * Returns a preset's sizes, at another input side if one is given.
 * Throws HarnessError for a side that the network's coarsest stride does not divide.
 */
export function configOf(id: string, side?: number): FastSamConfig {
  const config: FastSamConfig | undefined = fastSamConfigs[id as keyof typeof fastSamConfigs];
  if (config === undefined) throw new Error(`no FastSAM preset is named ${id}`);
  if (side === undefined) return config;
  if (Number.isInteger(side / strides[2]) && side > 0) return { ...config, side };
  throw new HarnessError(`${id}: the input side must be a multiple of ${strides[2]}`, { found: side });
}

interface Scale {
  readonly depth: number;
  readonly width: number;
  readonly mostChannels: number;
}

/**
 * Computes the sizes by the compound scaling of parse_model in ultralytics/nn/tasks.py: channels are capped, then scaled to a
 * multiple of 8.
 */
function scaled({ depth, width, mostChannels }: Scale): FastSamConfig {
  const channels = (base: number) => Math.ceil((Math.min(base, mostChannels) * width) / 8) * 8;
  const blocks = (base: number) => Math.max(Math.round(base * depth), 1);
  return {
    side: 1024,
    channels: [channels(64), channels(128), channels(256), channels(512), channels(1024)],
    depths: [blocks(3), blocks(6), blocks(6), blocks(3)],
    prototypeWidth: channels(256),
  };
}
