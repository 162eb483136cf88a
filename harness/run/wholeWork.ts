import type { RunPlan } from "../plan/plan.ts";

/** How far a command is with everything that it was asked for. */
export interface WholeWork {
  /** Images of all variants that are measured, those of earlier processes included. */
  readonly done: number;
  /** Images of all variants. */
  readonly total: number;
  /** Images that earlier processes measured. */
  readonly before: number;
  /** Turns of latency that come after the images. A turn is taken to last as long as an image, until turns are measured. */
  readonly turns: number;
}

/** Counts the images of all variants of a plan. A variant counts from the start, also while it waits for its calibration. */
export class WholeWorkCount {
  readonly #images: number;
  readonly #turns: number;
  #variants: number;
  #done = 0;
  #before = 0;

  constructor({ chosen, images, phases, latency: { warmup, rounds } }: RunPlan) {
    const models = chosen.filter(({ variant }) => variant.preset.role !== "floor");
    const scored = chosen.filter(
      ({ weights, point }) => weights.source !== "seeded" && point?.accuracy !== "elsewhere",
    );
    this.#images = images.length;
    this.#variants = phases.includes("accuracy") ? scored.length : 0;
    this.#turns = phases.includes("latency") ? models.length * (warmup + rounds) : 0;
  }

  /** Counts a variant that has so many images from earlier. */
  begin(before: number): void {
    this.#before += before;
    this.#done += before;
  }

  /** Leaves a variant out: it was finished before, or can not be measured. */
  leaveOut(): void {
    this.#variants -= 1;
  }

  image(): WholeWork {
    this.#done += 1;
    const total = Math.max(this.#done, this.#variants * this.#images);
    return { done: this.#done, total, before: this.#before, turns: this.#turns };
  }
}
