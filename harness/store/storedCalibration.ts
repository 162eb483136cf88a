import { z } from "zod";
import { checked, parseJson } from "../foreign.ts";
import { hash, type Immutable, text, whole } from "./schema/fields.ts";

/**
 * A stored calibration is what a method learned from images. It lies beside the graphs: the same calibration gives the same
 * graphs.
 */
const calibration = z.object({
  schema: z.literal(1),
  variant: text,
  /** Identity of the weights that the calibration was made with. */
  weights: text,
  dataset: z.object({ id: text, fingerprint: text, images: z.array(whole) }),
  /** sha256 of each image's RGB pixels. */
  imageHashes: z.array(text).optional(),
  seed: whole,
  options: z.record(text, text),
  values: z.record(text, z.unknown()),
  /** Covers the canonical JSON of all the other fields. */
  sha256: hash.optional(),
});

export type StoredCalibration = Immutable<z.infer<typeof calibration>>;

/** Reads a stored calibration. Throws HarnessError naming file and field. */
export function parseCalibration(json: string, file: string): StoredCalibration {
  return checked(calibration, parseJson(json, file), file);
}
