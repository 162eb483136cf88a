import type { Dataset, ImageId, KeptMask, ModelInput, Protocol, Variant, VariantManifest } from "../api.ts";
import { prepare } from "../image/index.ts";
import { formatCounts } from "../mask/index.ts";
import type { PlannedPass } from "../protocols/index.ts";
import type { PredictionRow } from "../store/schema.ts";
import { runPass } from "./jobs.ts";

export interface AccuracyInput {
  readonly variant: Variant;
  readonly preset: VariantManifest;
  readonly dataset: Dataset;
  readonly passes: readonly PlannedPass[];
  readonly seed: number;
}

/** Turns images into rows, one after the other; the next one is read and prepared while this one is encoded. */
export class AccuracyPhase {
  readonly #input: AccuracyInput;
  /** What was read ahead: by image, so that a change of order costs a second reading and no error. */
  #ahead: { readonly image: ImageId; readonly prepared: Promise<ModelInput> } | undefined;

  constructor(input: AccuracyInput) {
    this.#input = input;
  }

  async rows(image: ImageId, next?: ImageId): Promise<readonly PredictionRow[]> {
    const { variant, preset, dataset, passes, seed } = this.#input;
    const prepared = await this.#prepared(image);
    const encoding = variant.encode(prepared);
    if (next !== undefined) this.#readAhead(next);
    const embedding = await encoding;
    const record = dataset.images.find(({ id }) => id === image)!;
    const rows: PredictionRow[] = [];
    for (const planned of passes) {
      const targets = planned.pass.targets?.(record) ?? dataset.targetsOf(image);
      const kept = await runPass(planned, { variant, preset, embedding, targets, seed });
      for (const each of planned.pass.settle?.(kept) ?? kept) rows.push(rowOf(image, planned.protocol, each));
    }
    return rows;
  }

  #prepared(image: ImageId): Promise<ModelInput> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return ahead?.image === image ? ahead.prepared : this.#read(image);
  }

  #readAhead(image: ImageId): void {
    const prepared = this.#read(image);
    // Whoever asks for this image gets the error; until then it must not count as unhandled.
    prepared.catch(() => undefined);
    this.#ahead = { image, prepared };
  }

  async #read(image: ImageId): Promise<ModelInput> {
    return prepare(await this.#input.dataset.read(image), this.#input.preset.input);
  }
}

function rowOf(
  image: ImageId,
  protocol: Protocol,
  { target, prompt, mask, predictedIou, prompts, step, token, score }: KeptMask,
): PredictionRow {
  const iou = target.mask === undefined ? undefined : protocol.iou(mask, target.mask);
  return {
    ...{
      kind: "prediction",
      image,
      target: target.id,
      category: target.category,
      prompts,
      protocol: protocol.id,
      step,
      token,
    },
    predictedIou,
    ...(iou === undefined ? {} : { iou }),
    ...{ areaPx: target.areaPx, crowd: target.crowd },
    mask: { size: mask.size, counts: formatCounts(mask) },
    ...(score === undefined ? {} : { score }),
    prompt: { points: prompt.points, ...(prompt.box === undefined ? {} : { box: prompt.box }) },
  };
}
