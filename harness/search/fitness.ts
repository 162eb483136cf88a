import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checkpoint, ImageId, ModelInput, ModelInputSpec, SearchSpace, Variant } from "../api.ts";
import { buildVariant } from "../build/build.ts";
import { prepare } from "../image/index.ts";
import type { RunPlan } from "../plan/plan.ts";
import { type RegisteredVariant, variantOf } from "../plan/plugins/registry.ts";
import { runtimeOf } from "../plan/point.ts";
import { passesOf } from "../protocols/plan.ts";
import { embeddedImage } from "../worker/heldImage.ts";
import { runPass } from "../worker/pass.ts";
import type { Configuration } from "./space.ts";

const defaults = {
  /** Prepared images stay in memory up to this many bytes: each configuration sees them all again. */
  inputBytes: 512 * 2 ** 20,
};

export interface ImageIou {
  readonly image: ImageId;
  readonly value: number;
}

interface FitnessInput {
  readonly plan: RunPlan;
  readonly space: SearchSpace;
  readonly checkpoint: Checkpoint;
  readonly weightsId: string;
  readonly signal: AbortSignal;
}

/** Runs configurations over images, in this process: their graphs are built, used and deleted one after the other. */
export class FitnessRunner {
  readonly #input: FitnessInput;
  readonly #prepared = new Map<ImageId, Promise<ModelInput>>();

  constructor(input: FitnessInput) {
    this.#input = input;
  }

  /** Returns the IoU of every instance, or nothing where the search was stopped. */
  async ious(values: Configuration, images: readonly ImageId[]): Promise<readonly ImageIou[] | undefined> {
    const { plan, signal } = this.#input;
    const { dataset, seed } = plan;
    return this.withVariant(values, async (variant, { preset }) => {
      const found: ImageIou[] = [];
      for (const image of images) {
        if (signal.aborted) return undefined;
        const embedding = await variant.encode(await this.#prepare(image, preset.input));
        const held = embeddedImage({ variant, preset, embedding });
        for (const planned of passesOf(plan.prompts)) {
          const masks = await runPass(planned, { held, targets: dataset.targetsOf(image), seed });
          for (const { mask, target } of masks) {
            const iou = target.mask === undefined ? undefined : planned.protocol.iou(mask, target.mask);
            if (iou !== undefined) found.push({ image, value: iou });
          }
        }
      }
      return found;
    });
  }

  #prepare(image: ImageId, spec: ModelInputSpec): Promise<ModelInput> {
    const known = this.#prepared.get(image);
    if (known !== undefined) return known;
    const { dataset } = this.#input.plan;
    const fresh = dataset.read(image).then((photo) => prepare(photo, spec));
    const bytes = 3 * spec.side ** 2 * Float32Array.BYTES_PER_ELEMENT;
    if ((this.#prepared.size + 1) * bytes <= defaults.inputBytes) this.#prepared.set(image, fresh);
    return fresh;
  }

  /** Loads the variant of these values for as long as `use` takes. */
  async withVariant<T>(
    values: Configuration,
    use: (variant: Variant, registered: RegisteredVariant) => Promise<T>,
  ): Promise<T> {
    const { plan, space, checkpoint, weightsId } = this.#input;
    const registered = variantOf(plan.registry, space.idOf(values));
    const cache = mkdtempSync(join(tmpdir(), "sam-bench-search-"));
    try {
      const built = await buildVariant({ variant: registered, checkpoint, weightsId, graph: "fused", cache });
      const variant = await registered.plugin.load(built.files, runtimeOf(plan, plan.chosen[0]!), registered.preset, {
        base: registered.base,
      });
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
