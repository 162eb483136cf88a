import { HarnessError } from "../../harness/errors.ts";
import type { DecoderConfig } from "./config.ts";

interface Sized {
  /** Side of the square input, px. */
  readonly side: number;
  readonly decoder: DecoderConfig;
}

/** Says which side of the input is asked for, and of which sides the encoder can take some. */
interface AskedSide {
  /** Id of the preset, for messages. */
  readonly id: string;
  /** The preset's own if left out, px. */
  readonly side?: number | undefined;
  /** The encoder takes sides that are a multiple of so many px. */
  readonly multipleOf: number;
}

/** Returns the sizes of a preset, at another input side if one is given. Throws HarnessError for a side that it can not take. */
export function presetSizes<Sizes extends Sized>(configs: Readonly<Record<string, Sizes>>, asked: AskedSide): Sizes {
  const config = configs[asked.id];
  if (config === undefined) throw new Error(`no preset of these sizes is named ${asked.id}`);
  return sizesAt(config, asked);
}

/**
 * Returns sizes at another input side, if one is given: the image embedding grows with the image, and the decoder with both.
 * Throws HarnessError for a side that the encoder can not take.
 */
export function sizesAt<Sizes extends Sized>(sizes: Sizes, { id, side, multipleOf }: AskedSide): Sizes {
  if (side === undefined || side === sizes.side) return sizes;
  if (!Number.isInteger(side / multipleOf) || side <= 0)
    throw new HarnessError(`${id}: no side that its encoder takes`, {
      found: `${side} px`,
      expected: `a multiple of ${multipleOf} px`,
      hint: `it was trained for ${sizes.side} px`,
    });
  const factor = side / sizes.side;
  const { decoder } = sizes;
  return { ...sizes, side, decoder: { ...decoder, side: decoder.side * factor, grid: decoder.grid * factor } };
}
