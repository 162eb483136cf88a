import type { Prompt, RgbImage, VariantManifest } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
// Not by image/index.ts: that brings the codec, and this file runs in web pages too.
import { prepare } from "../../image/prepare.ts";
import { timedSync } from "../../measure/clock.ts";
import { type CheckedVariant, timedUnchecked } from "../checkedVariant.ts";
import { embeddedImage, type HeldImage } from "../heldImage.ts";
import { answerPrompt, type PromptAnswer } from "./answer.ts";

/** Says how long a photo's way into a model took, in ms. */
export interface PhotoEncoded {
  readonly prepareMs: number;
  readonly encodeMs: number;
}

/** A photo that a model holds, and how long that took. */
export interface HeldPhoto {
  readonly held: HeldImage;
  readonly times: PhotoEncoded;
}

/** A model that answers a person's prompts about one photo. A later `encode` replaces the photo. */
export interface PromptedModel {
  encode(photo: RgbImage): Promise<PhotoEncoded>;
  decode(prompt: Prompt<"image">): Promise<PromptAnswer>;
}

/** Returns a model that holds photos by this function. */
export function promptedModel(hold: (photo: RgbImage) => Promise<HeldPhoto>): PromptedModel {
  let present: HeldImage | undefined;
  return {
    async encode(photo) {
      present = undefined;
      const { held, times } = await hold(photo);
      present = held;
      return times;
    },
    async decode(prompt) {
      if (present === undefined) throw new HarnessError("a prompt before a photo");
      return answerPrompt(present, prompt);
    },
  };
}

/** Returns a model on a variant that gives embeddings. */
export function embeddingModel(variant: CheckedVariant, preset: VariantManifest): PromptedModel {
  return promptedModel(async (photo) => {
    const prepared = timedSync(() => prepare(photo, preset.input));
    const encoded = await timedUnchecked(variant, () => variant.encode(prepared.value));
    return {
      held: embeddedImage({ variant, preset, embedding: encoded.value }),
      times: { prepareMs: prepared.durationMs, encodeMs: encoded.durationMs },
    };
  });
}
