import type { ImageId, Size } from "../../api.ts";
import type { FileFigure } from "./fileFigure.ts";

/** Facts of an image by which slices are made. */
export interface ImageFacts {
  readonly id: ImageId;
  /** Absent where nothing tells the photo's size. */
  readonly size?: Size | undefined;
  /** Number of annotations that are to be found in it. */
  readonly annotations: number;
}

/** Images that have something in common. */
export interface ImageSlice {
  readonly by: "photo size" | "annotations of an image";
  /** The range of the slice, with its unit: `0.19 to 0.27 Mpx`. */
  readonly title: string;
  readonly images: readonly ImageId[];
}

/** A headline figure over one slice. */
export interface SliceFigure extends FileFigure {
  readonly by: ImageSlice["by"] | "size" | "category";
  readonly title: string;
  /** Id of the figure: AP, miou. */
  readonly figure: string;
  /** Number of images; absent for slices of instances. */
  readonly images?: number;
}

/**
 * Returns the images in thirds by the size of their photo, and in thirds by how many annotations they have. Equal values stay
 * together, so there may be fewer parts; what does not part the images at all is left out.
 */
export function imageSlices(images: readonly ImageFacts[]): readonly ImageSlice[] {
  const sized = images.flatMap(({ id, size }) => (size === undefined ? [] : [{ id, value: size.height * size.width }]));
  return [
    ...thirds(sized, "photo size", (px) => `${(px / 1e6).toFixed(2)}`, " Mpx"),
    ...thirds(
      images.map(({ id, annotations }) => ({ id, value: annotations })),
      "annotations of an image",
      String,
      "",
    ),
  ];
}

interface Valued {
  readonly id: ImageId;
  readonly value: number;
}

function thirds(
  images: readonly Valued[],
  by: ImageSlice["by"],
  format: (value: number) => string,
  unit: string,
): readonly ImageSlice[] {
  const ordered = images.toSorted((a, b) => a.value - b.value);
  const parts = new Map<number, Valued[]>();
  let part = 0;
  for (const [i, image] of ordered.entries()) {
    if (i === 0 || image.value !== ordered[i - 1]!.value) part = Math.floor((3 * i) / ordered.length);
    parts.set(part, [...(parts.get(part) ?? []), image]);
  }
  if (parts.size < 2) return [];
  return [...parts.values()].map((members) => {
    const [low, high] = [members[0]!.value, members.at(-1)!.value].map(format);
    return { by, title: `${low === high ? low : `${low} to ${high}`}${unit}`, images: members.map(({ id }) => id) };
  });
}
