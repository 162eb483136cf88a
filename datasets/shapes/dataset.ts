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

const defaults = { images: 24, kept: 4 };

interface Shot {
  readonly image: RgbImage;
  readonly annotations: readonly Annotation[];
}

/** Uses of the seed: scenes that a method learns from are never among those that a run scores, whatever the seed. */
const streams = { scoring: "shapes", calibration: "shapes to calibrate on" } as const;

/** Each image has its own stream, so that neither the number of images nor their order changes one. */
export function shoot(seed: number, image: ImageId, purpose: "scoring" | "calibration" = "scoring"): Shot {
  const scene = drawScene(random(seed, streams[purpose], image));
  const rendering = render(scene);
  return { image: rendering.image, annotations: annotate(image, scene, rendering) };
}

/**
 * Scenes 1 … limit (24 without one) of the seed, drawn when asked for. The last few are kept: a run reads the next image
 * while the targets of this one are prompted. No image is on disk and memory does not grow with their number.
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
  const kept = new Map<ImageId, Shot>();
  const shot = (image: ImageId): Shot => {
    const found = kept.get(image) ?? shoot(seed, image, purpose);
    kept.delete(image);
    kept.set(image, found);
    for (const oldest of kept.keys()) if (kept.size > defaults.kept) kept.delete(oldest);
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

/** Scenes follow from seed, image ids and this folder's code: the code is hashed rather than every scene drawn. */
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
