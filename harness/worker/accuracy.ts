import type { Dataset, ImageId, ImageRecord, KeptMask, Protocol, RgbImage } from "../api.ts";
import { formatCounts } from "../mask/index.ts";
import type { PlannedPass } from "../protocols/index.ts";
import type { ImageEnd, PredictionRow } from "../store/schema/rowSchema.ts";
import { runEverything } from "./everything.ts";
import type { ImageHolder, PreparedImage } from "./heldImage.ts";
import { runPass } from "./pass.ts";

export interface AccuracyInput {
  readonly holder: ImageHolder;
  readonly dataset: Dataset;
  readonly passes: readonly PlannedPass[];
  readonly seed: number;
}

/** Result of one image: it holds its rows, and the time that everything mode took. */
export interface ImageRows extends Pick<ImageEnd, "everythingMs"> {
  readonly rows: readonly PredictionRow[];
}

interface Prepared {
  readonly photo: RgbImage;
  readonly image: PreparedImage;
}

/** Turns images into rows, one after the other. The next image is read and prepared while the present one is encoded. */
export class AccuracyPhase {
  readonly #input: AccuracyInput;
  /** True where a pass is timed: then nothing is read ahead, because nothing else may go on meanwhile. */
  readonly #timed: boolean;
  /** The image that was read ahead. If another image is asked for, it is read again. */
  #ahead: { readonly image: ImageId; readonly prepared: Promise<Prepared> } | undefined;

  readonly #records: ReadonlyMap<ImageId, ImageRecord>;

  constructor(input: AccuracyInput) {
    this.#input = input;
    this.#records = new Map(input.dataset.images.map((record) => [record.id, record]));
    this.#timed = input.passes.some(({ pass }) => pass.everything !== undefined);
  }

  async rows(image: ImageId, next?: ImageId): Promise<ImageRows> {
    const { holder, dataset, passes, seed } = this.#input;
    const prepared = await this.#prepared(image);
    const holding = prepared.image.hold();
    if (next !== undefined && !this.#timed) this.#readAhead(next);
    const whole = await holding;
    const record = this.#records.get(image)!;
    const rows: PredictionRow[] = [];
    const everythingMs: Record<string, number> = {};
    const keep = (protocol: Protocol, kept: readonly KeptMask[]) => {
      for (const each of kept) rows.push(rowOf(image, protocol, each));
    };
    for (const planned of passes) {
      const { everything, scored } = planned.pass;
      if (everything === undefined) {
        const targets = dataset.targetsOf(image);
        keep(planned.protocol, await runPass(planned, { held: whole.value, targets, seed }));
        continue;
      }
      const place = { image: record, photo: prepared.photo, whole };
      const result = await runEverything(planned, everything, { holder, seed, ...place });
      for (const { prompts } of scored) everythingMs[prompts] = result.durationMs;
      keep(planned.protocol, result.kept);
    }
    return { rows, everythingMs: this.#timed ? everythingMs : undefined };
  }

  #prepared(image: ImageId): Promise<Prepared> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return ahead?.image === image ? ahead.prepared : this.#read(image);
  }

  #readAhead(image: ImageId): void {
    const prepared = this.#read(image);
    // The call that asks for this image gets the error; until then the error must not count as unhandled.
    prepared.catch(() => undefined);
    this.#ahead = { image, prepared };
  }

  async #read(image: ImageId): Promise<Prepared> {
    const photo = await this.#input.dataset.read(image);
    return { photo, image: this.#input.holder.prepare(photo) };
  }
}

function rowOf(
  image: ImageId,
  protocol: Protocol,
  { target, prompt, mask, predictedIou, prompts, step, token, score }: KeptMask,
): PredictionRow {
  const iou = target.mask === undefined ? undefined : protocol.iou(mask, target.mask);
  return {
    kind: "prediction",
    image,
    target: target.id,
    category: target.category,
    prompts,
    protocol: protocol.id,
    step,
    token,
    predictedIou,
    iou,
    areaPx: target.areaPx,
    crowd: target.crowd,
    mask: { size: mask.size, counts: formatCounts(mask) },
    score,
    prompt: { points: prompt.points, box: prompt.box },
  };
}
