import { timedSync } from "../measure/clock.ts";
import { type ProcessMemory, processMemory } from "../measure/memory.ts";
import type { EverythingStages } from "../store/schema/rowSchema.ts";
import type { HeldImage, HeldPrediction, ImageHolder } from "./heldImage.ts";

/** A holder that also says what the stages of each timed step took: a pass of everything mode is one such step. */
export interface StagedHolder extends ImageHolder {
  /** Returns the stages of the timed steps since the last call, in their order, and forgets them. */
  taken(): readonly TimedStages[];
}

interface TimedStages extends EverythingStages {
  /** Stages of the image that was encoded before the step, which may use it; they are not in the step's. */
  readonly before: Pick<EverythingStages["ms"], "prepare" | "encode">;
}

/** Stages whose memory is read; masks are made and chosen in turns too short to tell upscaling from the rest. */
type Measured = "encode" | "decode" | "masks";

interface Sums {
  readonly ms: { prepare: number; encode: number; decode: number; upscale: number };
  readonly peaks: Map<Measured, number>;
}

const noSums = (): Sums => ({ ms: { prepare: 0, encode: 0, decode: 0, upscale: 0 }, peaks: new Map() });

/**
 * Wraps a holder: it measures around each call, and hands on what the holder returns. What a step takes beside its calls is
 * `filter`: masks are chosen, filtered, suppressed, and crops cut out. The time of reading memory is in no stage and in no step.
 */
export function stagedHolder(holder: ImageHolder, memory: ProcessMemory = processMemory()): StagedHolder {
  const clock = new StageClock(holder, memory);
  return {
    prepare(photo) {
      const prepared = timedSync(() => holder.prepare(photo));
      return { hold: () => clock.hold(() => prepared.value.hold(), prepared.durationMs) };
    },
    timed: (step) => clock.step(step),
    taken: () => clock.taken(),
  };
}

class StageClock {
  readonly #holder: ImageHolder;
  readonly #memory: ProcessMemory;
  readonly #resets: boolean;
  #steps: TimedStages[] = [];
  /** Sums of the step under way, or of what was done since the last one. */
  #sums = noSums();
  /** Time that reading memory took in this step. */
  #readingMs = 0;

  constructor(holder: ImageHolder, memory: ProcessMemory) {
    this.#holder = holder;
    this.#memory = memory;
    this.#resets = memory.resetPeak();
  }

  taken(): readonly TimedStages[] {
    const steps = this.#steps;
    this.#steps = [];
    this.#sums = noSums();
    return steps;
  }

  async step<T>(step: () => Promise<T>) {
    const { ms: before, peaks } = this.#sums;
    this.#sums = noSums();
    const encoded = peaks.get("encode");
    if (encoded !== undefined) this.#sums.peaks.set("encode", encoded);
    this.#read(undefined);
    this.#readingMs = 0;
    const { value, durationMs } = await this.#holder.timed(step);
    const ownMs = durationMs - this.#readingMs;
    this.#read("masks");
    const { prepare, encode, decode, upscale } = this.#sums.ms;
    const filter = Math.max(0, ownMs - prepare - encode - decode - upscale);
    this.#steps.push({
      ms: { prepare, encode, decode, upscale, filter },
      peakBytes: this.#resets ? Object.fromEntries(this.#sums.peaks) : undefined,
      before: { prepare: before.prepare, encode: before.encode },
    });
    // Another pass may use the same image.
    this.#sums = { ...noSums(), ms: before, peaks: new Map(encoded === undefined ? [] : [["encode", encoded]]) };
    return { value, durationMs: ownMs };
  }

  /** Encodes an image. Its time begins with the photo, so that what it took to prepare is in it. */
  async hold(hold: () => ReturnType<ReturnType<ImageHolder["prepare"]>["hold"]>, preparedMs: number) {
    this.#read("masks");
    const { value, durationMs } = await hold();
    this.#read("encode");
    this.#sums.ms.prepare += preparedMs;
    this.#sums.ms.encode += Math.max(0, durationMs - preparedMs);
    return { value: this.#held(value), durationMs };
  }

  #held(image: HeldImage): HeldImage {
    const { everything } = image;
    return {
      lacks: image.lacks,
      decode: async (prompts, asked) =>
        (await this.#decoded(() => image.decode(prompts, asked))).map((each) => this.#prediction(each)),
      everything: everything && (async () => this.#prediction(await this.#decoded(() => everything.call(image)))),
    };
  }

  async #decoded<T>(decode: () => Promise<T>): Promise<T> {
    this.#read("masks");
    const { value, durationMs } = await this.#holder.timed(decode);
    this.#read("decode");
    this.#sums.ms.decode += durationMs;
    return value;
  }

  #prediction(found: HeldPrediction): HeldPrediction {
    return {
      prediction: found.prediction,
      mask: (token) => this.#upscaled(() => found.mask(token)),
      lowResLogits: (token) => found.lowResLogits(token),
      stability: (token, offset) => this.#upscaled(() => found.stability(token, offset)),
      maskAbove: (token, level) => this.#upscaled(() => found.maskAbove(token, level)),
    };
  }

  #upscaled<T>(make: () => T): T {
    const { value, durationMs } = timedSync(make);
    this.#sums.ms.upscale += durationMs;
    return value;
  }

  /** Books the peak since the last reading as that of a stage, and begins anew. */
  #read(stage: Measured | undefined): void {
    if (!this.#resets) return;
    const { durationMs } = timedSync(() => {
      const { peaks } = this.#sums;
      if (stage !== undefined) peaks.set(stage, Math.max(this.#memory.peakBytes(), peaks.get(stage) ?? 0));
      this.#memory.resetPeak();
    });
    this.#readingMs += durationMs;
  }
}

/**
 * Returns the stages of the passes that were timed, by prompts name. A pass that used the image that was encoded before it has
 * that image's stages as well, as its whole time has.
 */
export function stagesByName(
  taken: readonly TimedStages[],
  names: readonly (readonly string[])[],
  wholeMs: Readonly<Record<string, number>>,
): Readonly<Record<string, EverythingStages>> {
  return Object.fromEntries(
    taken.flatMap(({ ms, peakBytes, before }, pass) =>
      (names[pass] ?? []).map((name) => {
        const ownMs = Object.values(ms).reduce((sum, each) => sum + each, 0);
        // The image's own time is well above rounding, and a pass without it has none to add.
        const usesImage = (wholeMs[name] ?? 0) - ownMs > (before.prepare + before.encode) / 2;
        const prepare = ms.prepare + (usesImage ? before.prepare : 0);
        const encode = ms.encode + (usesImage ? before.encode : 0);
        return [name, { ms: { ...ms, prepare, encode }, peakBytes }];
      }),
    ),
  );
}
