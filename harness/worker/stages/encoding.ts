import type { ImageEmbedding, ModelInput, Tensor, Variant, VariantManifest } from "../../api.ts";
import { HarnessError } from "../../errors.ts";

interface Encoder {
  readonly variant: Variant;
  readonly preset: Pick<VariantManifest, "id">;
  /** Images in one call of the encoder; 1 if left out. A batch repeats the image: no encoder's time depends on what it shows. */
  readonly batch?: number | undefined;
}

/**
 * Returns the call that encodes an image, or a batch of it that is laid out before the call; it gives an embedding for each.
 * Throws HarnessError for a variant that encodes one image at a time.
 */
export function encoding(
  { variant, preset, batch = 1 }: Encoder,
  input: ModelInput,
): () => Promise<readonly ImageEmbedding[]> {
  if (batch === 1) return async () => [await variant.encode(input)];
  const { encodeBatch } = variant;
  if (encodeBatch === undefined)
    throw new HarnessError(`${preset.id}: its plug-in encodes one image at a time`, {
      found: `a batch of ${batch} images`,
      hint: "leave the axis batch out",
    });
  const images = repeated(input.tensor, batch);
  const geometries = Array.from({ length: batch }, () => input.geometry);
  return () => encodeBatch.call(variant, images, geometries);
}

function repeated({ dims, data }: Tensor, times: number): Tensor {
  const all = new Float32Array(times * data.length);
  for (let i = 0; i < times; i++) all.set(data, i * data.length);
  return { dims: [times, ...dims.slice(1)], data: all };
}
