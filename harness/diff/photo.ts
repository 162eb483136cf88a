import type { ImageId, Tensor } from "../api.ts";
import { prepare } from "../image/prepare.ts";
import { readablePhotos } from "../run/photos.ts";
import type { OpenedSide } from "./sides.ts";

/** A photo as both graphs take it. */
export interface PhotoInput {
  /** Name of A's input. */
  readonly name: string;
  readonly tensor: Tensor;
  readonly image: ImageId;
  readonly dataset: string;
}

/**
 * Prepares the first photo of the data set as the variant among the sides takes it, A's where both are. Returns nothing where no
 * side is a variant, or its graph takes something else than an image.
 */
export async function photoInput(a: OpenedSide, b: OpenedSide): Promise<PhotoInput | undefined> {
  const variant = a.variant ?? b.variant;
  const [input] = a.signature.inputs;
  if (variant === undefined || input === undefined || a.signature.inputs.length > 1) return undefined;
  const { dataset, chosen } = variant.plan;
  const spec = chosen[0]!.variant.preset.input;
  const image = [1, 3, spec.side, spec.side];
  if (variant.signature.inputs[0]?.dims?.join() !== image.join()) return undefined;
  const [first] = await readablePhotos(dataset, 1);
  const { tensor } = prepare(await dataset.read(first!), spec);
  return { name: input.name, tensor, image: first!, dataset: dataset.id };
}
