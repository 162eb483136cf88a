import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checkpoint, Dataset, ImageId, RgbImage, SearchSpace, Variant } from "../api.ts";
import { passesOf } from "../protocols/index.ts";
import { AccuracyPhase } from "../run/accuracy.ts";
import { buildVariant } from "../run/build.ts";
import type { RunPlan } from "../run/plan.ts";
import { type RegisteredVariant, variantOf } from "../run/registry.ts";
import type { Configuration } from "./space.ts";

const defaults = {
  /** Photos stay in memory up to this many bytes: each configuration sees them all again. */
  photoBytes: 256 * 2 ** 20,
};

export interface ImageIou {
  readonly image: ImageId;
  readonly value: number;
}

export interface FitnessInput {
  readonly plan: RunPlan;
  readonly space: SearchSpace;
  readonly checkpoint: Checkpoint;
  readonly weightsId: string;
  readonly signal: AbortSignal;
}

/** Runs configurations over images, in this process: their graphs are built, used and deleted one after the other. */
export class FitnessRunner {
  readonly #input: FitnessInput;
  readonly #dataset: Dataset;

  constructor(input: FitnessInput) {
    this.#input = input;
    this.#dataset = withPhotosKept(input.plan.dataset);
  }

  /** IoU of every instance; nothing where it was stopped. */
  async ious(values: Configuration, images: readonly ImageId[]): Promise<readonly ImageIou[] | undefined> {
    const { plan, signal } = this.#input;
    return this.withVariant(values, async (variant, { preset }) => {
      const passes = passesOf(plan.prompts);
      const accuracy = new AccuracyPhase({ variant, preset, dataset: this.#dataset, passes, seed: plan.seed });
      const found: ImageIou[] = [];
      for (const [i, image] of images.entries()) {
        if (signal.aborted) return undefined;
        const { rows } = await accuracy.rows(image, images[i + 1]);
        for (const { iou } of rows) if (iou !== undefined) found.push({ image, value: iou });
      }
      return found;
    });
  }

  /** The loaded variant of these values, for as long as `use` takes. */
  async withVariant<T>(
    values: Configuration,
    use: (variant: Variant, registered: RegisteredVariant) => Promise<T>,
  ): Promise<T> {
    const { plan, space, checkpoint, weightsId } = this.#input;
    const registered = variantOf(plan.registry, space.idOf(values));
    const cache = mkdtempSync(join(tmpdir(), "sam-bench-search-"));
    try {
      const built = await buildVariant({ variant: registered, checkpoint, weightsId, graph: "fused", cache });
      const variant = await registered.plugin.load(built.files, plan.runtime, registered.preset);
      try {
        return await use(variant, registered);
      } finally {
        await variant.close();
      }
    } finally {
      rmSync(cache, { recursive: true, force: true });
    }
  }
}

function withPhotosKept(dataset: Dataset): Dataset {
  const photos = new Map<ImageId, Promise<RgbImage>>();
  const bytes = dataset.images.reduce((sum, { size }) => sum + 3 * size.height * size.width, 0);
  if (bytes > defaults.photoBytes) return dataset;
  return {
    ...dataset,
    read(image) {
      const photo = photos.get(image) ?? dataset.read(image);
      photos.set(image, photo);
      return photo;
    },
    targetsOf: (image) => dataset.targetsOf(image),
    annotationsOf: (image) => dataset.annotationsOf(image),
  };
}
