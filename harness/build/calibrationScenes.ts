import type { Dataset, ImageId, RgbImage } from "../api.ts";
import { drawnDataset } from "../plan/options.ts";
import type { Registry } from "../plan/plugins/registry.ts";

/** Caches the scenes that were drawn with a registry: the methods of a plan look at the same ones, and some look several times. */
const drawn = new WeakMap<Registry, Map<string, Promise<Dataset>>>();

/**
 * Returns scenes to calibrate on, which runs do not score. Each is drawn once, which takes some 100 ms, and is then kept in
 * memory as long as the registry is: 640 x 480 pixels are 0.9 MB.
 */
export function calibrationScenes(
  registry: Registry,
  { seed, images }: { readonly seed: number; readonly images: number },
): Promise<Dataset> {
  const known = drawn.get(registry) ?? new Map<string, Promise<Dataset>>();
  drawn.set(registry, known);
  const key = `${seed} ${images}`;
  const scenes = known.get(key) ?? openScenes(registry, seed, images);
  known.set(key, scenes);
  return scenes;
}

async function openScenes(registry: Registry, seed: number, limit: number): Promise<Dataset> {
  const dataset = await registry.datasets.get(drawnDataset)!.open({ seed, limit, purpose: "calibration" });
  const photos = new Map<ImageId, Promise<RgbImage>>();
  return {
    ...dataset,
    read(image) {
      const photo = photos.get(image) ?? dataset.read(image);
      photos.set(image, photo);
      return photo;
    },
  };
}
