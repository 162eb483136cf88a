import type { Rle, Size } from "../../api.ts";
import { classes } from "./levels.ts";

/**
 * Collects the runs of a mask that is walked down its columns, and counts the pixels of each class. The walker says from which
 * pixel on they are of which class.
 */
export class ClassRuns {
  readonly #areas = new Float64Array(classes.tight + 1);
  #counts = new Uint32Array(256);
  #length = 0;
  /** First pixel of the run at hand, and of those of one class at its end. */
  #runStart = 0;
  #start = 0;
  #class: number = classes.below;

  begin(): void {
    this.#areas.fill(0);
    this.#length = 0;
    this.#runStart = 0;
    this.#start = 0;
    this.#class = classes.below;
  }

  turn(position: number, found: number): void {
    const last = this.#class;
    if (found === last) return;
    this.#areas[last]! += position - this.#start;
    this.#start = position;
    this.#class = found;
    if (found >= classes.mask === last >= classes.mask) return;
    this.#push(position - this.#runStart);
    this.#runStart = position;
  }

  /** Ends the mask: no pixels follow. */
  end({ height, width }: Size): void {
    this.#areas[this.#class]! += height * width - this.#start;
    this.#push(height * width - this.#runStart);
  }

  mask(size: Size): Rle {
    return { size, counts: this.#counts.slice(0, this.#length) };
  }

  /** Returns the number of pixels of this class or a higher one. */
  areaFrom(lowest: number): number {
    let area = 0;
    for (let found = lowest; found <= classes.tight; found++) area += this.#areas[found]!;
    return area;
  }

  #push(run: number): void {
    if (this.#length === this.#counts.length) {
      const grown = new Uint32Array(2 * this.#length);
      grown.set(this.#counts);
      this.#counts = grown;
    }
    this.#counts[this.#length++] = run;
  }
}
