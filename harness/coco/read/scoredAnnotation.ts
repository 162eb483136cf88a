import type { Annotation, Box, Rle, Size } from "../../api.ts";
import type { RunTable } from "../../mask/runTable.ts";

/** An annotation to score against. It has a mask where masks are scored, and a box where boxes are. */
export interface ScoredAnnotation extends Omit<Annotation, "mask" | "box" | "ignored"> {
  readonly mask?: Rle | undefined;
  /** Is there where the mask can be put into a table of runs without being made as an Rle first: many are compared but once. */
  readonly drawn?: DrawnMask | undefined;
  readonly box?: Box | undefined;
  /** Product of width and height of the box as the file gives them. Without it, the area goes by the corners. */
  readonly boxAreaPx?: number | undefined;
  readonly ignored?: boolean | undefined;
  /** True where the annotation is, by COCO's rules, neither to be found nor a mistake, and yet no crowd. */
  readonly uncounted?: boolean | undefined;
}

export interface DrawnMask {
  readonly size: Size;
  /** Puts the mask into a table and returns its index there. */
  into(table: RunTable): number;
}
