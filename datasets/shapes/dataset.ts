import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type {
  Annotation,
  Dataset,
  DatasetOptions,
  DatasetPlugin,
  ImageId,
  ImageRecord,
  RgbImage,
} from "../../harness/api.ts";
import { random } from "../../harness/stats/random.ts";
import { checkLimit, selectImages } from "../selection.ts";
import { annotate } from "./instances.ts";
import { render } from "./render.ts";
import { drawScene, drawSize } from "./scene.ts";
import { categories } from "./thing.ts";

const defaults = { images: 24, cached: 4 };

interface Shot {
  readonly image: RgbImage;
  readonly annotations: readonly Annotation[];
}

/** Uses of the seed: the scenes that a method learns from are never among those that a run scores, whatever the seed. */
const streams = { scoring: "shapes", calibration: "shapes to calibrate on" } as const;

/** Draws one image. Each image has its own stream, so that neither the number of images nor their order changes one. */
function shoot(seed: number, image: ImageId, purpose: "scoring" | "calibration" = "scoring"): Shot {
  const scene = drawScene(random(seed, streams[purpose], image));
  const rendering = render(scene);
  return { image: rendering.image, annotations: annotate(image, scene, rendering) };
}

/**
 * Opens the scenes 1 … limit (24 without one) of the seed, which are drawn when asked for. A cache holds the last few: a run
 * reads the next image while the targets of this one are prompted. No image is on disk and memory does not grow with their
 * number.
 */
async function open(options: DatasetOptions): Promise<Dataset> {
  const { limit, images, seed } = options;
  const purpose = options.purpose === "calibration" ? "calibration" : "scoring";
  checkLimit(limit);
  const all: readonly ImageRecord[] = Array.from({ length: limit ?? defaults.images }, (_, index) => ({
    id: index + 1,
    fileName: `${String(index + 1).padStart(12, "0")}.jpg`,
    size: drawSize(random(seed, streams[purpose], index + 1)),
  }));
  const records = selectImages(all, images === undefined ? {} : { images });
  const cache = new Map<ImageId, Shot>();
  const shot = (image: ImageId): Shot => {
    const found = cache.get(image) ?? shoot(seed, image, purpose);
    cache.delete(image);
    cache.set(image, found);
    for (const oldest of cache.keys()) if (cache.size > defaults.cached) cache.delete(oldest);
    return found;
  };
  const annotationsOf = (image: ImageId) => shot(image).annotations;
  return {
    id: "shapes",
    images: records,
    categories,
    warnings: [],
    fingerprint: fingerprint(streams[purpose], seed, records),
    read: async (image) => shot(image).image,
    targetsOf: annotationsOf,
    annotationsOf,
  };
}

/**
 * Returns the fingerprint. Scenes follow from seed, image ids and this folder's code, so the code is hashed rather than every
 * scene drawn.
 */
function fingerprint(stream: string, seed: number, records: readonly ImageRecord[]): string {
  const hash = createHash("sha256").update(JSON.stringify([stream, seed, records.map(({ id }) => id)]));
  const folder = new URL(".", import.meta.url);
  const sources = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  for (const name of sources.sort()) hash.update(name).update(readFileSync(new URL(name, folder)));
  return hash.digest("hex");
}

export default {
  id: "shapes",
  title: "Drawn scenes",
  about: "textured things that hide one another, drawn from --seed; --limit is their number (24); needs no download",
  own: "drawn",
  open,
} satisfies DatasetPlugin;
