import { grown } from "../../mask/columns.ts";
import { iouThresholds, type Split } from "./rules.ts";

/** One set bit for each threshold. */
export const everyThreshold = (1 << iouThresholds.length) - 1;

/**
 * The detections, by falling score, and the annotations of one category in one image (or of one image). One object is filled
 * and matched group after group, so that its arrays are allocated once.
 */
export class MatchGroup {
  detections = 0;
  annotations = 0;
  /**
   * Matrix of overlaps: a row holds those of one detection. With a crowd the overlap is the share of the detection inside. An
   * overlap below the lowest threshold may be 0.
   */
  overlaps = new Float64Array(0);
  detectionAreas = new Float64Array(0);
  /** Is 1 where LVIS does not annotate the category exhaustively here, so that an unmatched detection is no mistake. */
  forgiven = new Uint8Array(0);
  annotationAreas = new Float64Array(0);
  crowds = new Uint8Array(0);
  /** Is 1 where the annotation is in no split, whatever its area. */
  excluded = new Uint8Array(0);
  /** Is 1 where a match with the annotation counts as none, as with the id 0 in the reference tools. */
  unseen = new Uint8Array(0);
  /** Place of an annotation's frequency in `frequencies`; 255 stands for none. */
  frequencies = new Uint8Array(0);
  /**
   * Bits of each detection for the split matched last: the thresholds at which it is a hit, and those at which it is a mistake.
   * An ignored detection has neither.
   */
  hits = new Uint16Array(0);
  misses = new Uint16Array(0);
  /** Number of annotations inside the split matched last. */
  positives = 0;

  #best = new Float64Array(0);
  #bestOfAll = 0;
  #order = new Int32Array(0);
  #ignored = new Uint8Array(0);
  #taken = new Uint8Array(0);

  /** Makes room for so many detections and annotations; overlaps become 0. */
  resize(detections: number, annotations: number): void {
    this.detections = detections;
    this.annotations = annotations;
    this.overlaps = grown(this.overlaps, detections * annotations);
    this.overlaps.fill(0, 0, detections * annotations);
    this.detectionAreas = grown(this.detectionAreas, detections);
    this.forgiven = grown(this.forgiven, detections);
    this.hits = grown(this.hits, detections);
    this.misses = grown(this.misses, detections);
    this.#best = grown(this.#best, detections);
    this.annotationAreas = grown(this.annotationAreas, annotations);
    this.crowds = grown(this.crowds, annotations);
    this.excluded = grown(this.excluded, annotations);
    this.unseen = grown(this.unseen, annotations);
    this.frequencies = grown(this.frequencies, annotations);
    this.#order = grown(this.#order, annotations);
    this.#ignored = grown(this.#ignored, annotations);
    this.#taken = grown(this.#taken, annotations);
  }

  /**
   * Finds the best overlap of each detection and of all, which say at which thresholds nothing can match. It must be called
   * once the overlaps are in.
   */
  prepare(): void {
    this.#bestOfAll = 0;
    for (let d = 0; d < this.detections; d++) {
      let best = 0;
      for (let at = d * this.annotations; at < (d + 1) * this.annotations; at++) {
        if (this.overlaps[at]! > best) best = this.overlaps[at]!;
      }
      this.#best[d] = best;
      if (best > this.#bestOfAll) this.#bestOfAll = best;
    }
  }

  /**
   * Matches as evaluateImg of pycocotools and evaluate_img of lvis-api. At each threshold, detections by falling score take the
   * annotation that they overlap most, the later one of two equal overlaps, and one outside the split only where no other fits.
   * Each annotation is taken once, a crowd any number of times. `frequency` is the split's place in the list of frequencies.
   */
  match({ fromPx, toPx }: Split, frequency: number): void {
    this.#orderAnnotations(fromPx, toPx, frequency);
    for (let d = 0; d < this.detections; d++) {
      const area = this.detectionAreas[d]!;
      const outside = area < fromPx || area > toPx || this.forgiven[d] === 1;
      this.hits[d] = 0;
      this.misses[d] = outside ? 0 : everyThreshold;
    }
    for (let t = 0; t < iouThresholds.length && iouThresholds[t]! <= this.#bestOfAll; t++)
      this.#matchAt(iouThresholds[t]!, 1 << t);
  }

  /** Orders the annotations: those inside the split come first, and both parts stay as they came. */
  #orderAnnotations(fromPx: number, toPx: number, frequency: number): void {
    this.positives = 0;
    for (let a = 0; a < this.annotations; a++) {
      const area = this.annotationAreas[a]!;
      const elsewhere = frequency >= 0 && this.frequencies[a] !== frequency;
      const outside = this.crowds[a] === 1 || this.excluded[a] === 1 || area < fromPx || area > toPx || elsewhere;
      this.#ignored[a] = outside ? 1 : 0;
      if (!outside) this.#order[this.positives++] = a;
    }
    for (let a = 0, next = this.positives; a < this.annotations; a++)
      if (this.#ignored[a] === 1) this.#order[next++] = a;
  }

  #matchAt(threshold: number, bit: number): void {
    const { annotations, overlaps, crowds } = this;
    const taken = this.#taken.fill(0, 0, annotations);
    for (let d = 0; d < this.detections; d++) {
      let best = threshold;
      if (this.#best[d]! < best) continue;
      const row = d * annotations;
      let match = -1;
      for (let i = 0; i < annotations; i++) {
        // What is outside the split stands last, and is no better than any match inside.
        if (match >= 0 && i >= this.positives && this.#ignored[match] === 0) break;
        const a = this.#order[i]!;
        if (taken[a] === 1 && crowds[a] === 0) continue;
        const overlap = overlaps[row + a]!;
        if (overlap < best) continue;
        best = overlap;
        match = a;
      }
      if (match < 0) continue;
      taken[match] = 1;
      this.#record(d, match, bit);
    }
  }

  #record(d: number, match: number, bit: number): void {
    const ignored = this.#ignored[match] === 1;
    // Taken, and yet no match: a mistake where the detection lies inside the split, which `misses` already says.
    if (this.unseen[match] === 1) {
      if (ignored) this.misses[d]! &= ~bit;
      return;
    }
    if (!ignored) this.hits[d]! |= bit;
    this.misses[d]! &= ~bit;
  }
}
