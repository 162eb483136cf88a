import type { Annotation, Box, Rle } from "../../api.ts";

/** An annotation to score against: with a mask where masks are scored, with a box where boxes are. */
export interface ScoredAnnotation extends Omit<Annotation, "mask" | "box" | "ignored"> {
  readonly mask?: Rle | undefined;
  readonly box?: Box | undefined;
  /** width * height of the box as the file gives them; from the corners without it. */
  readonly boxAreaPx?: number | undefined;
  readonly ignored?: boolean | undefined;
  /** By COCO's rules neither to be found nor a mistake, and yet no crowd. */
  readonly uncounted?: boolean | undefined;
}
