import { withValues } from "../absent.ts";
import type { Random, Rle, Size } from "../api.ts";
import { boxOf, encodeRle, formatCounts, rleFromPolygons } from "../mask/index.ts";
import { areaOf } from "../mask/rle.ts";
import { integer, shuffle } from "../stats/random.ts";

export interface Fields {
  readonly [field: string]: unknown;
}

/** JSON values of an annotation file and of a results file that belongs to it. */
export interface DrawnDataset {
  readonly annotations: Readonly<Record<"images" | "categories" | "annotations", readonly Fields[]>>;
  readonly detections: readonly Fields[];
}

/** Areas at the borders of the size splits, and beside them. */
const borderAreas = [0, 0.5, 1023.5, 1024, 1024.5, 9215, 9216, 9216.25, 1e10];

/**
 * Draws a small dataset of what scorers go wrong at: crowds, equal scores, images of nothing, of annotations or of detections
 * alone, masks of no pixel, of one and of all, areas of zero and on the borders of the splits, more detections than count. Both
 * files are sound: what pycocotools refuses or this project leaves out with a warning is not drawn.
 */
export function drawDataset(random: Random): DrawnDataset {
  const draw = new Drawing(random);
  const images = shuffle(
    random,
    Array.from({ length: 1 + draw.below(5) }, (_, i) => draw.image(i)),
  );
  const categories = shuffle(
    random,
    [3, 7, 1, 90].slice(draw.below(4)).map((id) => ({ id, name: `c${id}` })),
  );
  const annotations = images.flatMap((image) => draw.annotationsOf(image, categories));
  const detections = images.flatMap((image) => draw.detectionsOf(image, categories));
  // loadRes fails on a file of none.
  if (detections.length === 0) detections.push(draw.detection(images[0]!, categories[0]!.id));
  return {
    annotations: { images, categories, annotations: draw.numbered(annotations) },
    detections: draw.asFile(shuffle(random, detections)),
  };
}

interface Image extends Size, Fields {
  readonly id: number;
  readonly file_name: string;
}

interface Found extends Fields {
  readonly mask: Rle;
}

class Drawing {
  readonly #random: Random;
  /** Masks of the annotations by image: detections are drawn near them. */
  readonly #shown = new Map<Image, { readonly mask: Rle; readonly category: number }[]>();
  /** Scores that detections have: few, so that many are equal. Empty where a score may be any number. */
  readonly #scores: readonly number[];
  readonly #withMasks: boolean;
  readonly #withBoxes: boolean;

  constructor(random: Random) {
    this.#random = random;
    this.#scores = this.oneOf([[0.5], [0, 0.25, 1], [-1, 1e-7, 0.3, 0.30000001192092896], [1, 2, 3, 4, 5], []]);
    [this.#withMasks, this.#withBoxes] = this.oneOf([
      [true, false],
      [true, false],
      [true, true],
      [false, true],
    ]);
  }

  below(n: number): number {
    return integer(this.#random, n);
  }

  oneOf<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  chance(probability: number): boolean {
    return this.#random.next() < probability;
  }

  image(index: number): Image {
    const largest = this.oneOf([2, 12, 40, 130]);
    const id = index * this.oneOf([1, 1, 1000]) + (this.chance(0.5) ? 0 : index);
    const sides = { height: 1 + this.below(largest), width: 1 + this.below(largest) };
    return { id: 10 * id + index, file_name: `${index}.jpg`, ...sides };
  }

  annotationsOf(image: Image, categories: readonly { readonly id: number }[]): Fields[] {
    const shown: { mask: Rle; segmentation: unknown; category: number }[] = [];
    this.#shown.set(image, shown);
    const count = this.chance(0.25) ? 0 : 1 + this.below(6);
    return Array.from({ length: count }, () => {
      const category = this.oneOf(categories).id;
      // Some masks stand twice, so that overlaps are equal.
      const again = shown.length > 0 && this.chance(0.2);
      const { mask, segmentation } = again ? this.oneOf(shown) : this.#segmentation(image);
      shown.push({ mask, segmentation, category });
      return withValues({
        image_id: image.id,
        category_id: category,
        segmentation,
        bbox: this.#box(mask),
        area: this.chance(0.3) ? this.oneOf(borderAreas) : areaOf(mask),
        iscrowd: this.chance(0.2) ? this.oneOf([1, 1, 2, true]) : this.oneOf([0, 0, false]),
        // pycocotools makes its own of iscrowd.
        ignore: this.chance(0.1) ? 1 : undefined,
      });
    });
  }

  detectionsOf(image: Image, categories: readonly { readonly id: number }[]): Found[] {
    if (this.chance(0.2)) return [];
    const shown = this.#shown.get(image)!;
    // Seldom there are more of one category than count, or more of an image than count whatever their categories.
    const few = 1 + this.below(8);
    const count = this.chance(0.03) ? 95 + this.below(20) : this.chance(0.002) ? 1010 : few;
    return Array.from({ length: count }, () => {
      const near = shown.length > 0 && this.chance(0.7) ? this.oneOf(shown) : undefined;
      const category = near !== undefined && this.chance(0.8) ? near.category : this.oneOf(categories).id;
      return this.detection(image, count > few ? categories[0]!.id : category, near?.mask);
    });
  }

  detection(image: Image, category: number, near?: Rle): Found {
    const mask = near === undefined || this.chance(0.1) ? this.#mask(image) : this.#shifted(near);
    const score = this.#scores.length === 0 ? this.#random.next() : this.oneOf(this.#scores);
    return { image_id: image.id, category_id: category, score, mask };
  }

  /** Numbers the annotations in no order, seldom from 0, which pycocotools takes for no match. */
  numbered(annotations: readonly Fields[]): readonly Fields[] {
    const first = this.chance(0.2) ? 0 : 1;
    const ids = shuffle(
      this.#random,
      annotations.map((_, i) => first + i),
    );
    return shuffle(
      this.#random,
      annotations.map((annotation, i) => ({ id: ids[i], ...annotation })),
    );
  }

  /** Writes masks and boxes as the file has them; what its first detection lacks, loadRes makes for all that lack it. */
  asFile(detections: readonly Found[]): readonly Fields[] {
    const some = this.chance(0.2);
    const extra = this.oneOf([{}, {}, { id: 5 }, { note: { of: ["a \\ parser's"] } }]);
    return detections.map(({ mask, ...detection }, i) => {
      const { height, width } = mask.size;
      const withMask = this.#withMasks || (some && i > 0 && this.chance(0.5));
      const withBox = this.#withBoxes || (some && i > 0 && this.chance(0.5));
      return withValues({
        ...detection,
        segmentation: withMask ? { size: [height, width], counts: formatCounts(this.#split(mask)) } : undefined,
        bbox: withBox ? this.#box(mask) : undefined,
        ...extra,
      });
    });
  }

  /** Draws [x, y, width, height]: the mask's box, or one beside it, seldom of no area or outside the image. */
  #box(mask: Rle): readonly number[] {
    const { x0, y0, x1, y1 } = boxOf(mask) ?? { x0: 0, y0: 0, x1: 0, y1: 0 };
    const box = [x0, y0, x1 - x0, y1 - y0];
    if (this.chance(0.5)) return box;
    if (this.chance(0.1)) return [x0, y0, 0, this.below(3)];
    if (this.chance(0.1))
      return this.oneOf([
        [x0, y0, 32, 32],
        [0, 0, 96, 96],
        [0.5, 0.5, 1024, 9],
      ]);
    const off = () => this.oneOf([0, 0, 1, 0.25, 0.1, 2.7]);
    return [x0 - off(), y0 + off(), x1 - x0 + off(), y1 - y0 + off()];
  }

  /** Draws a mask as annotation files have it: as polygons, run lengths, or a string. */
  #segmentation(size: Size): { readonly mask: Rle; readonly segmentation: unknown } {
    const { height, width } = size;
    if (this.chance(0.4)) {
      const polygons = Array.from({ length: 1 + this.below(2) }, () => this.#polygon(size));
      return { mask: rleFromPolygons(polygons, { height, width }), segmentation: polygons };
    }
    const mask = this.#mask(size);
    const counts = this.chance(0.5) ? Array.from(mask.counts) : formatCounts(mask);
    return { mask, segmentation: { size: [height, width], counts } };
  }

  /** Draws three to seven corners, some of them outside of the image, on whole pixels, quarters or anywhere. */
  #polygon({ height, width }: Size): readonly number[] {
    const steps = this.oneOf([1, 4, 1000]);
    return Array.from({ length: 3 + this.below(5) }, () => [width, height])
      .flat()
      .map((side) => (this.below((side + 4) * steps) - 2 * steps) / steps);
  }

  #mask({ height, width }: Size): Rle {
    const bitmap = new Uint8Array(height * width);
    const kind = this.below(8);
    if (kind === 1) bitmap[this.below(bitmap.length)] = 1;
    else if (kind === 2) bitmap.fill(1);
    else if (kind === 3) for (let i = 0; i < bitmap.length; i++) bitmap[i] = this.below(2);
    else if (kind === 4) fillSquare(bitmap, { height, width }, this.oneOf([32, 96]));
    else if (kind > 4)
      for (let rounds = 1 + this.below(2); rounds > 0; rounds--) this.#fillRectangle(bitmap, { height, width });
    return encodeRle(bitmap, { height, width });
  }

  #fillRectangle(bitmap: Uint8Array, { height, width }: Size): void {
    const x0 = this.below(width);
    const y0 = this.below(height);
    const x1 = x0 + 1 + this.below(width - x0);
    const y1 = y0 + 1 + this.below(height - y0);
    for (let y = y0; y < y1; y++) bitmap.fill(1, y * width + x0, y * width + x1);
  }

  /**
   * Seldom puts an empty run inside another. This is done to detections alone: where empty runs of two masks meet, rleIou of
   * pycocotools stops counting.
   */
  #split({ size, counts }: Rle): Rle {
    const at = this.below(counts.length);
    const part = this.below(counts[at]! + 1);
    if (this.chance(0.9)) return { size, counts };
    return {
      size,
      counts: Uint32Array.of(...counts.slice(0, at), part, 0, counts[at]! - part, ...counts.slice(at + 1)),
    };
  }

  /** Returns the mask, or moves it a few pixels down the columns, so that overlaps are anything up to 1. */
  #shifted({ size, counts }: Rle): Rle {
    const last = counts.length - 1;
    const shift = Math.min(this.oneOf([0, 0, 1, 2, size.height]), counts[last]!);
    if (last === 0 || last % 2 === 1 || shift === 0) return { size, counts };
    return { size, counts: counts.map((run, i) => run + (i === 0 ? shift : i === last ? -shift : 0)) };
  }
}

/** Fills a square in the corner; in an image that is large enough its area lies on the border of two splits. */
function fillSquare(bitmap: Uint8Array, { height, width }: Size, side: number): void {
  for (let y = 0; y < Math.min(side, height); y++) bitmap.fill(1, y * width, y * width + Math.min(side, width));
}
